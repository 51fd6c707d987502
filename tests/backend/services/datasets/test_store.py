import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from muscope.backend.arrays import read_arrays
from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.errors import Conflict, InvalidInput, MuscopeError, NotFound
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.services.datasets import store as datasets
from muscope.backend.services.datasets.child_reader import make_example
from muscope.backend.services.experiments import store as experiments
from muscope.backend.services.plans.draft import ExperimentRequest
from tests.backend.ingest.bad_files import CODES, npz, pixels
from tests.backend.services.listed import listed_datasets

pytestmark = pytest.mark.slow

CSV = "".join(
    ["size,weight,price,kind\n"]
    + [f"{i},{i * 7 % 11},{(i * 13 % 29) / 4},{'abc'[i % 3]}\n" for i in range(60)]
).encode()


@pytest.fixture
def store(context, tmp_path):
    def of(content=CSV, name="shop.csv", **options):
        source = tmp_path / "upload"
        source.write_bytes(content)
        return datasets.store_file(context, LOCAL_OWNER, source, name, IngestOptions(**options))

    return of


def _blobs(context):
    folder = context.settings.blob_folder
    return sorted(path.parent.name + path.name for path in folder.glob("??/*"))


def _leftovers(context):
    return list(context.settings.scratch_folder.glob("*"))


def test_a_table_is_kept_with_its_arrays(context, store):
    stored = store(label="kind")

    dataset = stored.dataset
    assert (stored.is_new, dataset.name, dataset.example) == (True, "shop.csv", None)
    assert (dataset.shape.task, dataset.shape.num_outputs) == (Task.CLASSIFICATION, 3)
    assert _blobs(context) == sorted([dataset.arrays_sha256, hashlib.sha256(CSV).hexdigest()])
    arrays, _ = read_arrays(context.blobs.path(dataset.arrays_sha256))
    assert arrays["x_train"].shape == (dataset.shape.num_train, dataset.shape.num_features)
    assert datasets.get_dataset(context, LOCAL_OWNER, dataset.id) == dataset
    assert _leftovers(context) == []


def test_the_same_file_again_is_the_same_dataset(context, store):
    first, second = store(label="kind"), store(label="kind", name="other name.csv")

    assert (first.is_new, second.is_new) == (True, False)
    assert second.dataset == first.dataset
    assert len(_blobs(context)) == 2


def test_a_file_that_cannot_be_read_leaves_nothing(context, store):
    with pytest.raises(MuscopeError):
        store(b"a,b\n")

    assert (_blobs(context), _leftovers(context)) == ([], [])
    assert listed_datasets(context) == ()


def test_a_variant_with_another_label_is_a_dataset_beside_the_first(context, store):
    first = store(label="kind").dataset

    variant = datasets.store_variant(
        context, LOCAL_OWNER, first.id, IngestOptions(label="price", task=Task.REGRESSION)
    )

    assert variant.is_new
    assert (variant.dataset.name, variant.dataset.shape.task) == ("shop.csv", Task.REGRESSION)
    assert variant.dataset.source_bytes == first.source_bytes
    assert {view.id for view in listed_datasets(context)} == {
        first.id,
        variant.dataset.id,
    }
    assert len(_blobs(context)) == 3


def test_a_variant_like_the_first_is_the_first(context, store):
    first = store(label="kind").dataset

    again = datasets.store_variant(context, LOCAL_OWNER, first.id, IngestOptions(label="kind"))

    assert (again.is_new, again.dataset) == (False, first)
    assert len(_blobs(context)) == 2


def test_a_variant_that_cannot_be_read_leaves_the_first(context, store):
    first = store(label="kind").dataset

    with pytest.raises(InvalidInput):
        datasets.store_variant(context, LOCAL_OWNER, first.id, IngestOptions(label="no such column"))

    assert len(_blobs(context)) == 2
    assert _leftovers(context) == []


def test_a_variant_stays_the_kind_of_file_it_was(context, store):
    text = store(b"Call me Ishmael.\n" * 400, kind="text").dataset
    images = store(npz(x=pixels(), y=CODES)).dataset

    for first in (text, images):
        again = datasets.store_variant(context, LOCAL_OWNER, first.id, IngestOptions())
        assert (again.is_new, again.dataset) == (False, first)


def test_a_text_that_is_a_table_is_read_as_one(context, store):
    text = store(CSV + CSV.split(b"\n", 1)[1] * 3, kind="text").dataset
    with pytest.raises(InvalidInput, match=r"dataset\.task_not_for_kind"):
        datasets.store_variant(context, LOCAL_OWNER, text.id, IngestOptions(task=Task.REGRESSION))

    table = datasets.store_variant(context, LOCAL_OWNER, text.id, IngestOptions(kind="table")).dataset

    assert (text.shape.task, table.shape.task) == (Task.LANGUAGE_MODELLING, Task.CLASSIFICATION)
    assert len(table.profile.columns) == 4


def test_files_go_with_the_last_dataset_that_uses_them(context, store):
    first = store(label="kind").dataset
    second = datasets.store_variant(
        context, LOCAL_OWNER, first.id, IngestOptions(label="price", task=Task.REGRESSION)
    ).dataset

    datasets.delete_dataset(context, LOCAL_OWNER, first.id)
    after_first = _blobs(context)
    datasets.delete_dataset(context, LOCAL_OWNER, second.id)

    assert after_first == sorted([second.arrays_sha256, hashlib.sha256(CSV).hexdigest()])
    assert _blobs(context) == []


def test_a_dataset_that_an_experiment_uses_is_not_deleted(context, store):
    dataset = store(label="kind").dataset
    request = ExperimentRequest(dataset_id=dataset.id, widths=(8,), seeds=(0,), num_steps=5)
    created = experiments.create_experiment(context, LOCAL_OWNER, request, key=None)

    with pytest.raises(Conflict, match=r"dataset\.in_use") as raised:
        datasets.delete_dataset(context, LOCAL_OWNER, dataset.id)

    assert raised.value.params == {"name": "shop.csv", "count": 1}
    assert len(_blobs(context)) == 2
    experiments.cancel_experiment(context, LOCAL_OWNER, created.experiment.id)
    experiments.delete_experiment(context, LOCAL_OWNER, created.experiment.id)
    datasets.delete_dataset(context, LOCAL_OWNER, dataset.id)
    assert _blobs(context) == []


def test_an_example_is_stored_without_a_source_and_has_no_variants(context):
    example = datasets.store_example(context, LOCAL_OWNER, "friedman").dataset

    assert (example.name, example.example, example.source_bytes) == ("friedman", "friedman", 0)
    assert not datasets.store_example(context, LOCAL_OWNER, "friedman").is_new
    with pytest.raises(Conflict, match=r"dataset\.has_no_source"):
        datasets.store_variant(context, LOCAL_OWNER, example.id, IngestOptions())


def test_an_unknown_example_is_not_found(context):
    with pytest.raises(NotFound, match=r"example\.not_found"):
        datasets.store_example(context, LOCAL_OWNER, "imagenet")


def test_another_owner_finds_nothing(context, store):
    dataset_id = store(label="kind").dataset.id

    for use in (datasets.get_dataset, datasets.delete_dataset):
        with pytest.raises(NotFound, match=r"dataset\.not_found"):
            use(context, "somebody", dataset_id)
    assert listed_datasets(context, "somebody") == ()


def test_a_built_in_dataset_is_made_once_however_often_it_is_asked_for(context, monkeypatch):
    made = []

    def make(example, target):
        made.append(example)
        return make_example(example, target)

    monkeypatch.setattr(datasets, "make_example", make)
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(datasets.store_example, context, LOCAL_OWNER, "friedman") for _ in range(8)]
    stored = [each.result() for each in asked]

    assert made == ["friedman"]
    assert [each.is_new for each in stored].count(True) == 1
    assert len({each.dataset.id for each in stored}) == 1


def test_a_built_in_dataset_that_was_deleted_is_made_again(context):
    first = datasets.store_example(context, LOCAL_OWNER, "friedman").dataset
    datasets.delete_dataset(context, LOCAL_OWNER, first.id)

    again = datasets.store_example(context, LOCAL_OWNER, "friedman")

    assert again.is_new
    assert context.blobs.exists(again.dataset.arrays_sha256)
