import pytest

from tests.servers.databases import choose_databases, database, postgres

__all__ = ["database", "postgres"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the databases of each test."""
    choose_databases(metafunc)
