import numpy as np
import pytest

from muscope.backend.domain.spec.dataset import Preprocessing, Task
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.build import Origin, Prepared, prepare_columns, prepare_table
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.table.columns import Column
from tests.backend.ingest.tables import SHA256, numbers, texts

RNG = np.random.Generator(np.random.PCG64(3))
A, Y = RNG.normal(size=(2, 100))
NUMBER, CATEGORY, LABEL = SEEN = [numbers("a", A), texts("c", ["p", "q"] * 50), numbers("y", Y)]


def _prepare(columns: list[Column], **options) -> Prepared:
    return prepare_columns(columns, "y", IngestOptions(**options), Origin(SHA256))


def _validation_rows() -> np.ndarray:
    """Return the rows that validate; numbers of the label mark them."""
    prepared = _prepare([*SEEN[:2], numbers("y", np.arange(100.0))])
    marks = prepared.arrays["y_val"] * prepared.manifest.shape.label_scale + prepared.meta["label_mean"]
    rows: np.ndarray = np.rint(marks).astype(int)
    return rows


@pytest.mark.parametrize(
    "value", [1e6, -1e6, 1e300, np.nan], ids=["large", "small", "beyond all bounds", "missing"]
)
def test_numbers_of_validation_rows_do_not_touch_training(value):
    changed = A.copy()
    changed[_validation_rows()] = value

    before, after = _prepare(SEEN), _prepare([numbers("a", changed), CATEGORY, LABEL])

    np.testing.assert_array_equal(before.arrays["x_train"], after.arrays["x_train"])
    assert before.meta["preprocessing"] == after.meta["preprocessing"]
    assert np.isfinite(after.arrays["x_val"]).all()


@pytest.mark.parametrize("level", ["new", None])
def test_levels_of_validation_rows_do_not_touch_training(level):
    cells: list[str | None] = ["p", "q"] * 50
    for row in _validation_rows().tolist():
        cells[row] = level

    before, after = _prepare(SEEN), _prepare([NUMBER, texts("c", cells), LABEL])

    assert after.meta["feature_names"] == ["a", "c=p", "c=q"]
    np.testing.assert_array_equal(before.arrays["x_train"], after.arrays["x_train"])
    np.testing.assert_array_equal(after.arrays["x_val"][:, 1:], 0)


def test_labels_of_validation_rows_do_not_touch_training():
    changed = Y.copy()
    changed[_validation_rows()] += 1e9

    before, after = _prepare(SEEN), _prepare([*SEEN[:2], numbers("y", changed)])

    np.testing.assert_array_equal(before.arrays["y_train"], after.arrays["y_train"])
    assert before.manifest.shape == after.manifest.shape


def test_what_was_fitted_turns_cells_into_features():
    values = np.append(RNG.normal(5, 3, 90), [np.nan] * 10)
    cells = [None if row % 10 == 0 else "pq"[row % 2] for row in range(100)]
    train = np.setdiff1d(np.arange(100), _validation_rows())
    known = np.sort(values[train][~np.isnan(values[train])])

    prepared = _prepare([numbers("a", values), texts("c", cells), LABEL])

    of_number, of_text = Preprocessing.model_validate(prepared.meta["preprocessing"]).columns
    mean, std, median = (float(found or 0) for found in (of_number.mean, of_number.std, of_number.median))
    assert median == known[(len(known) - 1) // 2]
    filled = np.nan_to_num(values, nan=median)
    np.testing.assert_allclose([mean, std], [filled[train].mean(), filled[train].std()])
    assert of_text.levels == ("p", "q", "?")
    features = np.concatenate([prepared.arrays["x_train"], prepared.arrays["x_val"]])
    np.testing.assert_allclose(np.sort(features[:, 0]), np.sort((filled - mean) / std), atol=1e-5)


def _file(tmp_path, prices):
    source = tmp_path / "prices.csv"
    rows = "".join(f"{place % 17},{price}\n" for place, price in enumerate(prices))
    source.write_text(f"size,price\n{rows}", encoding="utf-8")
    return source


def test_a_label_may_be_trained_on_as_its_logarithm(tmp_path):
    prices = np.exp(RNG.normal(10, 2, 60)).round(3)

    prepared = prepare_table(_file(tmp_path, prices), IngestOptions(log_target=True))

    shape, profile = prepared.manifest.shape, prepared.manifest.profile
    y = np.concatenate([prepared.arrays["y_train"], prepared.arrays["y_val"]])
    found = np.exp(np.sort(y * shape.label_scale + prepared.meta["label_mean"]))
    np.testing.assert_allclose(found, np.sort(prices), rtol=1e-5)
    assert shape.is_log_label
    assert prepared.meta["preprocessing"]["is_log_label"]
    assert ("log_target", "true", False) in [(d.option, d.value, d.is_guessed) for d in profile.decisions]


def test_the_profile_says_that_the_logarithm_is_possible_and_not_used(tmp_path):
    manifest = prepare_table(_file(tmp_path, np.arange(1, 61) + 0.5), IngestOptions()).manifest

    decisions = [(d.option, d.value, d.is_guessed) for d in manifest.profile.decisions]
    assert ("log_target", "false", True) in decisions
    assert not manifest.shape.is_log_label


@pytest.mark.parametrize(
    ("first", "task", "code"),
    [
        (0, None, "log_not_positive"),
        (-2.5, None, "log_not_positive"),
        (1, Task.CLASSIFICATION, "log_of_classes"),
    ],
)
def test_numbers_up_to_zero_and_classes_have_no_logarithm(tmp_path, first, task, code):
    source = _file(tmp_path, [first, *(np.arange(39) + 3)])

    with pytest.raises(InvalidInput, match=rf"dataset\.{code}"):
        prepare_table(source, IngestOptions(log_target=True, task=task))


def test_a_file_is_split_as_it_was_asked_and_says_so(tmp_path):
    source = tmp_path / "visits.csv"
    rows = "".join(f"p{place // 4},{place % 7},{place % 11}.5\n" for place in range(200))
    source.write_text(f"patient,x,y\n{rows}", encoding="utf-8")

    prepared = prepare_table(source, IngestOptions(split="group:patient"))

    decision = next(each for each in prepared.manifest.profile.decisions if each.option == "split")
    assert (decision.value, decision.is_guessed) == ("group:patient", False)
    assert prepared.meta["feature_names"] == ["x"]
    assert prepared.manifest.shape.num_val % 4 == 0
