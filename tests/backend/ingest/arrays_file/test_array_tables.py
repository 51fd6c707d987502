"""Arrays of numbers as tables, and headers that promise what is not there."""

import io

import numpy as np
import pytest

from muscope.backend.domain.spec.dataset import ImageShape, Task
from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.arrays_file import roles
from tests.backend.ingest.arrays_file.array_files import NAMES, X, asked, decided, prepare
from tests.backend.ingest.bad_files import CODES
from tests.backend.ingest.containers.archives import zipped

NUMBERS = np.random.default_rng(1).normal(size=(30, 4))


def refused(tmp_path, content, **options) -> str:
    with pytest.raises(MuscopeError) as raised:
        prepare(tmp_path, content, **options)
    return raised.value.code.removeprefix("dataset.")


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def in_order(images: np.ndarray) -> np.ndarray:
    """Return images as rows in an order of their own."""
    return np.array(sorted(images.reshape(len(images), -1).tolist()))


def pixels_of(prepared) -> np.ndarray:
    """Return the pixels of both parts as they were in the file, in an order of their own."""
    standard = np.concatenate([prepared.arrays["x_train"], prepared.arrays["x_val"]])
    return in_order(np.rint(standard * prepared.meta["pixel_std"] + prepared.meta["pixel_mean"]))


def test_rows_of_numbers_are_a_table_whose_task_is_guessed(tmp_path):
    classes = prepare(tmp_path, {"X": NUMBERS, "y": CODES})
    numbers = prepare(tmp_path, {"X": NUMBERS, "y": NUMBERS.sum(axis=1, keepdims=True)})
    told = prepare(tmp_path, {"X": NUMBERS, "y": CODES}, task=Task.REGRESSION)

    assert [p.manifest.shape.task.value for p in (classes, numbers, told)] == [
        "classification",
        "regression",
        "regression",
    ]
    assert classes.meta["feature_names"] == ["X[0]", "X[1]", "X[2]", "X[3]"]
    assert classes.manifest.profile.is_task_guessed
    assert not told.manifest.profile.is_task_guessed
    totals = (numbers.arrays["x_val"] * NUMBERS.std(axis=0)).sum(axis=1)
    labels = numbers.arrays["y_val"] * numbers.manifest.shape.label_scale
    assert np.corrcoef(totals, labels)[0, 1] > 0.99


def test_a_table_keeps_the_split_of_its_file(tmp_path):
    content = {"X_train": NUMBERS, "y_train": CODES, "X_test": NUMBERS[:10] + 1, "y_test": CODES[:10]}

    prepared = prepare(tmp_path, content)

    expected = (NUMBERS[:10] + 1 - NUMBERS.mean(axis=0)) / NUMBERS.std(axis=0)
    np.testing.assert_allclose(prepared.arrays["x_val"], expected, atol=1e-5)
    assert (prepared.manifest.shape.num_train, decided(prepared)["split"]) == (30, "given")


def test_missing_and_infinite_numbers_are_filled_and_said(tmp_path):
    x = NUMBERS.copy()
    x[2, 1], x[3, 1], x[4, 2] = np.nan, np.inf, -np.inf

    prepared = prepare(tmp_path, {"x": x, "y": CODES})

    warnings = {w.code: w.params for w in prepared.manifest.profile.warnings}
    assert warnings["dataset.infinite_missing"]["count"] == 2
    assert [column.num_missing for column in prepared.manifest.profile.columns] == [0, 2, 1, 0, 0]
    assert all(np.isfinite(array).all() for array in prepared.arrays.values())


def test_the_last_column_of_a_single_array_is_the_label_unless_another_is_chosen(tmp_path):
    array = np.column_stack([NUMBERS, CODES])

    prepared = prepare(tmp_path, npy(array))
    other = prepare(tmp_path, npy(array), label="array[0]")

    assert (prepared.manifest.profile.label, asked(prepared)) == ("array[4]", {"label"})
    assert prepared.meta["class_names"] == ["0", "1", "2"]
    assert (other.manifest.profile.label, asked(other)) == ("array[0]", set())
    assert other.manifest.shape.task is Task.REGRESSION


def test_square_rows_of_bytes_are_asked_about(tmp_path):
    content = {"x": X.reshape(30, 64), "y": CODES}

    table = prepare(tmp_path, content)
    images = prepare(tmp_path, content, kind="images")

    assert (table.manifest.shape.image, asked(table)) == (None, {"kind"})
    assert images.manifest.shape.image == ImageShape(height=8, width=8, channels=1)
    np.testing.assert_array_equal(pixels_of(images), in_order(X))


def test_images_can_be_read_as_a_table(tmp_path):
    prepared = prepare(tmp_path, {"x": X, "y": CODES}, kind="table")

    assert (prepared.manifest.shape.image, prepared.manifest.shape.num_features) == (None, 64)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_is_what_numpy_saved(tmp_path, save, order):
    file = io.BytesIO()
    save(file, x=np.asarray(X, order=order), y=CODES)

    prepared = prepare(tmp_path, file.getvalue())

    np.testing.assert_array_equal(pixels_of(prepared), in_order(X))


def test_arrays_saved_one_by_one_are_read_from_a_zip(tmp_path):
    content = zipped({"data/X_train.npy": npy(X), "data/y_train.npy": npy(CODES), "data/README.md": b"hello"})

    prepared = prepare(tmp_path, content)

    assert prepared.manifest.profile.num_rows == 30


def header_only(descr: str, shape: str) -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    ("descr", "shape", "code"),
    [
        ("|S0", "(1099511627776,)", "array_dtype"),
        ("|V0", "(1099511627776,)", "array_dtype"),
        ("|u1", "(1099511627776, 4)", "too_many_pixels"),
        ("|u1", "(60, 4)", "npz_damaged"),
        ("|u1", "(-60, -4)", "npz_damaged"),
        ("|O", "(60, 4)", "pickled_array"),
        ("<U99999999", "(60, 4)", "array_dtype"),
        ("<M8[s]", "(60, 4)", "array_dtype"),
        ("<q9", "(60, 4)", "npz_damaged"),
        ("|u1", "(60, " * 3000, "npz_damaged"),
        ("|u1", "__import__('os')", "npz_damaged"),
    ],
)
def test_a_header_that_promises_what_is_not_there_is_refused(tmp_path, descr, shape, code):
    assert refused(tmp_path, header_only(descr, shape)) == code


@pytest.mark.parametrize("point", [0x110000, 0xFFFFFFFF, 0xD800])
def test_texts_of_numbers_that_are_no_characters_are_damage(tmp_path, point):
    labels = npy(np.array(["ab", "c"] * 15)).replace(b"b\0\0\0", point.to_bytes(4, "little"))

    assert refused(tmp_path, zipped({"x.npy": npy(X), "y.npy": labels})) == "npz_damaged"


def test_objects_are_never_unpacked(tmp_path):
    uneven = np.array([list(range(i % 3 + 1)) for i in range(30)], dtype=object)

    assert refused(tmp_path, {"x": uneven, "y": CODES}) == "pickled_array"
    assert refused(tmp_path, {"x": X, "y": NAMES[CODES].astype(object)}) == "pickled_array"


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("x", (None, "x")),
        ("trainImages", ("train", "x")),
        ("X-Test", ("test", "x")),
        ("y.valid", ("val", "y")),
        ("target", (None, "y")),
        ("target_names", None),
        ("train", None),
        ("index", None),
        ("text", None),
        ("検証_x", ("val", "x")),
    ],
)
def test_a_name_tells_a_part_and_a_role_or_nothing(name, role):
    assert roles._role(name) == role
