from tests.backend.db.stores import database

__all__ = ["database"]
