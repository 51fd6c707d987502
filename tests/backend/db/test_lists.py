"""Names are found in any letter case and sorted alike on both databases."""

from __future__ import annotations

from uuid import UUID

import pytest

from muscope.backend.db.connection.session import Database
from muscope.backend.db.lists import experiments as listed
from muscope.backend.db.lists.experiments import ExperimentOrder, Sought
from muscope.backend.db.lists.terms import Term
from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow
from tests.backend.db.stores import add_experiment

pytestmark = pytest.mark.both_databases


def _named(database: Database, *names: str) -> None:
    for name in names:
        experiment_id, _ = add_experiment(database)
        with database.write() as session:
            session.get_one(ExperimentRow, experiment_id).name = name


def _found(database: Database, sought: Sought, *, page: int = 50, is_descending: bool = False) -> list[str]:
    """Return the names that are found, page after page."""
    order = listed.order_by(ExperimentOrder.NAME, is_descending)
    names: list[str] = []
    after = None
    while True:
        with database.read() as session:
            rows, after = listed.find(session, LOCAL_OWNER, sought, order, after=after, limit=page)
            names += [row.name for row in rows]
        if after is None:
            return names


@pytest.mark.parametrize(
    ("sought", "name"),
    [
        ("ÉTÉ", "été 2026"),
        ("été", "ÉTÉ 2026"),
        ("実験", "売上の実験 A"),
        ("ＡＢ", "型番ａｂ"),
        ("москва", "Москва"),
        ("50%", "over 50% noise"),
        ("a_b", "A_B test"),
        ("\\", "a\\b"),
    ],
)
def test_a_name_is_found_by_a_part_of_it_in_any_case(database: Database, sought: str, name: str):
    _named(database, name, "over 50x noise", "axb")

    assert _found(database, Sought(terms=(Term(sought),))) == [name]


@pytest.mark.parametrize("is_descending", [False, True])
def test_names_are_sorted_alike_on_every_database_and_page_after_page(
    database: Database, is_descending: bool
):
    names = ["b", "A", "_a", "a-b", "ab", "Éa", "実験", "あ", "ア", " a", "10", "9"]
    _named(database, *names)

    found = _found(database, Sought(), page=5, is_descending=is_descending)

    assert found == sorted(names, key=str.lower, reverse=is_descending)


@pytest.mark.parametrize("is_descending", [False, True])
def test_experiments_without_a_duration_come_last_in_either_direction(
    database: Database, is_descending: bool
):
    ids = [add_experiment(database)[0] for _ in range(3)]
    with database.write() as session:
        for seconds, each in zip((30, 10), ids, strict=False):
            row = session.get_one(ExperimentRow, each)
            row.started_at = row.created_at
            row.finished_at = row.created_at.replace(second=seconds)
    order = listed.order_by(ExperimentOrder.DURATION, is_descending)

    with database.read() as session:
        rows, _ = listed.find(session, LOCAL_OWNER, Sought(), order, after=None, limit=9)
        found: list[UUID] = [row.id for row in rows]

    assert found == ([ids[0], ids[1], ids[2]] if is_descending else [ids[1], ids[0], ids[2]])
