import pytest

from muscope.backend.db.connection.upsert import ROWS_PER_STATEMENT, insert_new
from muscope.backend.db.schema.tables import PrincipalRow

pytestmark = pytest.mark.both_databases


def _rows(numbers):
    return [{"id": f"p{number:05}", "name": "somebody"} for number in numbers]


def _insert(database, numbers):
    with database.write() as session:
        return insert_new(session, PrincipalRow, _rows(numbers))


def test_more_rows_than_one_statement_takes_are_all_inserted(database):
    many = 2 * ROWS_PER_STATEMENT + 7

    inserted = _insert(database, range(many))

    assert inserted == {(f"p{number:05}",) for number in range(many)}


def test_only_new_keys_are_returned_and_old_rows_stay(database):
    _insert(database, range(0, 1200, 2))

    inserted = _insert(database, range(1200))

    assert inserted == {(f"p{number:05}",) for number in range(1, 1200, 2)}


def test_nothing_to_insert_is_fine(database):
    assert _insert(database, []) == set()
