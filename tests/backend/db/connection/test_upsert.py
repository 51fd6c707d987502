import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from muscope.backend.db.connection.upsert import ROWS_PER_STATEMENT, insert_all, insert_new
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


@pytest.mark.sqlite
def test_many_rows_are_inserted_in_as_few_steps_as_there_are_pages(database):
    rows = _rows(range(ROWS_PER_STATEMENT + 1))
    statements = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))

    with database.write() as session:
        insert_all(session, PrincipalRow, rows)

    assert sum("INSERT" in statement for statement in statements) == 2
    with database.read() as session:
        assert session.query(PrincipalRow).filter_by(name="somebody").count() == len(rows)


def test_a_key_that_is_taken_is_an_error_where_all_are_said_to_be_new(database):
    with pytest.raises(IntegrityError), database.write() as session:
        insert_all(session, PrincipalRow, [{"id": "local", "name": "again"}])
