from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import JSON, column, select, table, update

from muscope.backend.db.schema.tables import LOCAL_OWNER, ExperimentRow
from muscope.backend.domain.lifecycle import ExperimentState
from muscope.backend.domain.spec.dataset import (
    ColumnKind,
    ColumnProfile,
    DatasetShape,
    ImageShape,
    Profile,
    ReadingRecipe,
    Task,
)
from muscope.backend.errors import InvalidInput
from muscope.backend.services.lists.datasets import DatasetQuery, list_datasets
from tests.backend.db.stores import NOW, add_dataset, add_experiment

TABLE = DatasetShape(task=Task.REGRESSION, num_features=3, num_outputs=1, num_train=90, num_val=10)
TEXT = DatasetShape(
    task=Task.LANGUAGE_MODELLING, num_features=64, num_outputs=256, num_train=700, num_val=300
)
IMAGES = DatasetShape(
    task=Task.CLASSIFICATION,
    num_features=64,
    num_outputs=10,
    num_train=40,
    num_val=10,
    image=ImageShape(height=8, width=8, channels=1),
)
COLUMNS = tuple(
    ColumnProfile(name=name, kind=ColumnKind.NUMERIC, num_distinct=9) for name in ("size", "weight")
)
ANSWERED = Profile(num_rows=100, columns=COLUMNS, recipe=ReadingRecipe(options={"label": "weight"}))


@pytest.fixture
def four(database):
    """Four datasets, the newest last: prices, Book 100%, digits, quotes; Book and quotes are of one size."""
    add_dataset(database, TABLE, name="prices", source_bytes=500, profile=ANSWERED)
    add_dataset(database, TEXT, name="Book 100%", source_bytes=40, created_at=NOW + timedelta(seconds=1))
    add_dataset(database, IMAGES, name="digits", example="digits", created_at=NOW + timedelta(seconds=2))
    add_dataset(database, TEXT, name="quotes", source_bytes=70, created_at=NOW + timedelta(seconds=3))


def names(context, **sought):
    return [item.name for item in list_datasets(context, LOCAL_OWNER, DatasetQuery(**sought)).items]


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ({}, ["quotes", "digits", "Book 100%", "prices"]),
        ({"order": "asc"}, ["prices", "Book 100%", "digits", "quotes"]),
        ({"sort": "name"}, ["Book 100%", "digits", "prices", "quotes"]),
        ({"sort": "bytes"}, ["prices", "quotes", "Book 100%", "digits"]),
        ({"sort": "rows", "order": "asc"}, None),
        ({"kind": ("text",), "sort": "name"}, ["Book 100%", "quotes"]),
        ({"kind": ("table", "images"), "sort": "name"}, ["digits", "prices"]),
        ({"q": "100% BOOK"}, ["Book 100%"]),
        ({"q": "_"}, []),
        ({"q": "手書き"}, ["digits"]),
    ],
)
def test_datasets_are_sought_and_sorted(context, sought, found):
    shown = names(context, **sought)

    if found is None:  # of two equal ones either may come first
        assert shown[:2] == ["digits", "prices"]
        assert set(shown[2:]) == {"Book 100%", "quotes"}
    else:
        assert shown == found


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize("sort", ["created", "name", "rows", "bytes"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_of_datasets_show_everything_once_in_the_order_of_the_whole(context, sort, order):
    whole = names(context, sort=sort, order=order)
    shown, cursor = [], None
    while True:
        page = list_datasets(
            context, LOCAL_OWNER, DatasetQuery(sort=sort, order=order, limit=1, cursor=cursor)
        )
        assert page.total == 4
        shown += [item.name for item in page.items]
        cursor = page.next
        if cursor is None:
            break

    assert shown == whole


@pytest.mark.usefixtures("four")
def test_an_entry_says_kind_size_and_whether_it_was_read_by_answers(context):
    items = {item.name: item for item in list_datasets(context, LOCAL_OWNER, DatasetQuery()).items}

    kinds = {name: (item.kind, item.num_rows, item.num_columns) for name, item in items.items()}
    assert kinds == {
        "prices": ("table", 100, 2),
        "Book 100%": ("text", 1000, None),
        "digits": ("images", 50, None),
        "quotes": ("text", 1000, None),
    }
    assert [name for name, item in items.items() if item.has_recipe] == ["prices"]
    assert (items["prices"].source_bytes, items["prices"].arrays_bytes) == (500, 10)


def test_experiments_are_counted_by_whether_they_go_on(context, database):
    used = UUID(int=0)
    for state in ExperimentState:
        experiment_id, _ = add_experiment(database)
        with database.write() as session:
            row = session.get_one(ExperimentRow, experiment_id)
            if not used.int:
                used = row.dataset_id
            row.dataset_id, row.state = used, state

    items = {item.id: item for item in list_datasets(context, LOCAL_OWNER, DatasetQuery()).items}

    counts = (items[used].num_open_experiments, items[used].num_ended_experiments)
    assert counts == (2, 3)  # queued and running; completed, failed and cancelled
    assert {item.num_open_experiments for item in items.values() if item.id != used} == {0}


def test_datasets_of_another_owner_are_neither_shown_nor_counted(context, database):
    add_dataset(database, TABLE)

    page = list_datasets(context, "somebody", DatasetQuery())

    assert (page.items, page.total, page.next) == ((), 0, None)


@pytest.mark.usefixtures("four")
def test_a_place_in_another_order_is_refused(context):
    page = list_datasets(context, LOCAL_OWNER, DatasetQuery(limit=1))

    with pytest.raises(InvalidInput, match=r"list\.cursor_unknown"):
        list_datasets(context, LOCAL_OWNER, DatasetQuery(sort="rows", cursor=page.next))


def test_a_dataset_stored_before_recipes_is_listed(context, database):
    """Profiles are stored as JSON, without what was added to them since."""
    dataset_id = add_dataset(database, TABLE, id=uuid4())
    bare = table("dataset", column("profile", JSON))
    with database.write() as session:
        stored = session.scalar(select(bare.c.profile))
        before = {name: value for name, value in stored.items() if name != "recipe"}
        session.execute(update(bare).values(profile=before))
    assert "recipe" in stored

    (item,) = list_datasets(context, LOCAL_OWNER, DatasetQuery()).items

    assert (item.id, item.has_recipe) == (dataset_id, False)
