from pathlib import Path

import pytest
from hypothesis import settings

from muscope import backend, worker

ROOT = Path(__file__).resolve().parent.parent

# Drawn from the test's name, not from chance; a loaded machine must not fail a test.
settings.register_profile("muscope", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("muscope")


def pytest_configure() -> None:
    """Refuse to test the code of another checkout, whose environment this one may have borrowed."""
    for package in (backend, worker):
        found = Path(package.__path__[0]).resolve()
        if found != ROOT / found.name:
            raise pytest.UsageError(f"{package.__name__} is {found}: `make setup-dev` installs this checkout")
