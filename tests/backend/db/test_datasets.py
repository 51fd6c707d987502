import pytest

from muscope.backend.db import datasets
from muscope.backend.db.retention.blobs import is_blob_used
from muscope.backend.db.schema.tables import LOCAL_OWNER
from tests.backend.db.stores import LATER, add_dataset, add_experiment
from tests.backend.domain.specs import REGRESSION

pytestmark = pytest.mark.both_databases

ARRAYS, SOURCE = "a" * 64, "b" * 64


def test_a_dataset_is_found_by_its_arrays_and_its_shape_comes_back(database):
    dataset_id = add_dataset(database, REGRESSION, arrays_sha256=ARRAYS)

    with database.read() as session:
        found = datasets.find(session, LOCAL_OWNER, ARRAYS)
        assert found is not None
        assert found.id == dataset_id
        assert datasets.shape_of(session, dataset_id) == REGRESSION
        assert datasets.find(session, "somebody", ARRAYS) is None
        assert datasets.get(session, "somebody", dataset_id) is None


def test_datasets_are_listed_newest_first(database):
    first, second = add_dataset(database), add_dataset(database, created_at=LATER)

    with database.read() as session:
        assert [row.id for row in datasets.list_of(session, LOCAL_OWNER, limit=9)] == [second, first]
        assert [row.id for row in datasets.list_of(session, LOCAL_OWNER, limit=1)] == [second]


@pytest.mark.parametrize("sha256", [ARRAYS, SOURCE])
def test_a_file_is_used_as_long_as_any_dataset_refers_to_it(sha256, database):
    first = add_dataset(database, arrays_sha256=ARRAYS, source_sha256=SOURCE)
    second = add_dataset(database, arrays_sha256="c" * 64, source_sha256=sha256)

    used = []
    for gone in (None, first, second):
        with database.write() as session:
            if gone is not None:
                datasets.remove(session, gone)
            used.append(is_blob_used(session, sha256))

    assert used == [True, True, False]


def test_experiments_of_a_dataset_are_counted(database):
    unused = add_dataset(database)
    add_experiment(database)

    with database.read() as session:
        (used, _) = sorted(datasets.list_of(session, LOCAL_OWNER, limit=9), key=lambda row: row.id == unused)
        assert datasets.num_experiments(session, used.id) == 1
        assert datasets.num_experiments(session, unused) == 0
