from tests.backend.db.stores import database
from tests.backend.domain import conftest as _deterministic_hypothesis

__all__ = ["_deterministic_hypothesis", "database"]
