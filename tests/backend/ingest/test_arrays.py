import io

import numpy as np
import pytest

from muscope.backend import catalogue
from muscope.backend.domain.spec.dataset import ImageShape, Task
from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.arrays_file import roles
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from tests.backend.ingest.archives import zipped
from tests.backend.ingest.bad_files import CODES, npz, pixels

X = pixels(30, 8, 8)
NUMBERS = np.random.default_rng(1).normal(size=(30, 4))
NAMES = np.array(["猫", "犬", "鳥"])


def prepare(tmp_path, content, **options):
    source = tmp_path / "upload"
    source.write_bytes(content if isinstance(content, bytes) else npz(**content))
    prepared = prepare_file(source, IngestOptions(**options))
    profile = prepared.manifest.profile
    for code, params in ((entry.code, entry.params) for entry in (*profile.notes, *profile.warnings)):
        assert all(catalogue.text(f"warning.{code}", language, **params) for language in catalogue.LANGUAGES)
    return prepared


def refused(tmp_path, content, **options) -> str:
    with pytest.raises(MuscopeError) as raised:
        prepare(tmp_path, content, **options)
    return raised.value.code.removeprefix("dataset.")


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def decided(prepared) -> dict[str, str]:
    return {decision.option: decision.value for decision in prepared.manifest.profile.decisions}


def asked(prepared) -> set[str]:
    return {d.option for d in prepared.manifest.profile.decisions if d.is_question}


def notes(prepared) -> list[str]:
    return [note.code.removeprefix("dataset.") for note in prepared.manifest.profile.notes]


def in_order(images: np.ndarray) -> np.ndarray:
    """Return images as rows in an order of their own."""
    return np.array(sorted(images.reshape(len(images), -1).tolist()))


def pixels_of(prepared) -> np.ndarray:
    """Return the pixels of both parts as they were in the file, in an order of their own."""
    standard = np.concatenate([prepared.arrays["x_train"], prepared.arrays["x_val"]])
    return in_order(np.rint(standard * prepared.meta["pixel_std"] + prepared.meta["pixel_mean"]))


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ("x", "y"),
        ("X", "y"),
        ("X", "Y"),
        ("images", "labels"),
        ("data", "target"),
        ("arr_0", "arr_1"),
        ("Features", "Targets"),
        ("x_data", "y_data"),
    ],
)
def test_arrays_are_known_by_the_names_people_give_them(tmp_path, x, y):
    prepared = prepare(tmp_path, {x: X, y: CODES})

    assert (decided(prepared), asked(prepared)) == ({"x": x, "y": y}, set())
    assert prepared.manifest.shape.image == ImageShape(height=8, width=8, channels=1)
    assert prepared.manifest.profile.label == y


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("X_train", "Y_train", "X_val", "Y_val"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("trainX", "trainY", "validX", "validY"),
        ("Xtr", "ytr", "Xte", "yte"),
        ("x", "y", "x_test", "y_test"),
    ],
)
def test_a_split_in_the_file_is_kept_and_said(tmp_path, names):
    other = pixels(12, 8, 8) // 2

    prepared = prepare(tmp_path, dict(zip(names, (X, CODES, other, CODES[:12]), strict=True)))

    raw = prepared.arrays["x_val"] * prepared.meta["pixel_std"] + prepared.meta["pixel_mean"]
    np.testing.assert_allclose(raw.reshape(12, 8, 8), other, atol=1e-3)
    np.testing.assert_array_equal(prepared.arrays["y_val"], CODES[:12])
    train = prepared.arrays["x_train"] * prepared.meta["pixel_std"] + prepared.meta["pixel_mean"]
    np.testing.assert_allclose(np.sort(train, axis=0), np.sort(X.reshape(30, -1), axis=0), atol=1e-3)
    assert decided(prepared)["split"] == "given"
    assert notes(prepared)[0] in ("test_validates", "validation_given")


def test_training_rows_of_a_split_in_the_file_are_mixed_and_keep_their_labels(tmp_path):
    codes = np.repeat([0, 1, 2], 10)
    content = {"x_train": X, "y_train": codes, "x_test": X, "y_test": codes}

    prepared = prepare(tmp_path, content)

    raw = (prepared.arrays["x_train"] * prepared.meta["pixel_std"] + prepared.meta["pixel_mean"]).round()
    rows = [int(np.flatnonzero((X.reshape(30, -1) == row).all(axis=1))[0]) for row in raw]
    np.testing.assert_array_equal(codes[rows], prepared.arrays["y_train"])
    assert rows != sorted(rows)


def test_a_validation_part_goes_before_a_test_part(tmp_path):
    content = {
        f"{part}_{name}": array[:count]
        for part, count in (("train", 30), ("val", 10), ("test", 20))
        for name, array in (("images", X), ("labels", CODES[:, None]))
    }

    prepared = prepare(tmp_path, content)

    assert (prepared.manifest.shape.num_train, prepared.manifest.shape.num_val) == (30, 10)
    assert notes(prepared) == ["validation_given", "arrays_unused"]


def test_a_split_in_the_file_can_be_given_up(tmp_path):
    content = {"x_train": X, "y_train": CODES, "x_test": X[:10], "y_test": CODES[:10]}

    prepared = prepare(tmp_path, content, split="random")

    assert (prepared.manifest.shape.num_train, prepared.manifest.shape.num_val) == (32, 8)
    assert decided(prepared)["split"] == "random"


def test_an_array_that_fits_is_a_guess_that_is_asked_about(tmp_path):
    prepared = prepare(tmp_path, {"photos": X, "animal": CODES, "mean": np.float64(3)})

    assert (decided(prepared), asked(prepared)) == ({"x": "photos", "y": "animal"}, {"x", "y"})
    assert notes(prepared) == ["arrays_unused"]


def test_of_two_forms_of_the_examples_the_pictures_are_taken_and_asked_about(tmp_path):
    prepared = prepare(tmp_path, {"data": X.reshape(30, 64), "images": X, "target": CODES})

    assert (decided(prepared)["x"], "x" in asked(prepared)) == ("images", True)


def test_chosen_arrays_are_used(tmp_path):
    content = {"x": X, "x2": X // 2, "y": CODES, "fold": CODES % 2, "x_test": X, "y_test": CODES}

    prepared = prepare(tmp_path, content, x="x2", y="fold")

    assert (decided(prepared), asked(prepared)) == ({"x": "x2", "y": "fold"}, set())
    assert prepared.manifest.shape.num_outputs == 2
    assert prepared.manifest.shape.num_train == 24


@pytest.mark.parametrize("form", [(30, 3, 16, 16), (30, 1, 28, 20), (30, 3, 32, 24)])
def test_channels_that_come_first_are_moved_and_said(tmp_path, form):
    x = pixels(*form)

    prepared = prepare(tmp_path, {"x": x, "y": CODES})

    _, channels, height, width = form
    assert prepared.manifest.shape.image == ImageShape(height=height, width=width, channels=channels)
    raw = prepared.arrays["x_val"].reshape(-1, height, width, channels)
    raw = np.rint(raw * prepared.meta["pixel_std"] + prepared.meta["pixel_mean"])
    assert any((raw[0].transpose(2, 0, 1) == image).all() for image in x)
    assert notes(prepared) == ["channels_moved"]


@pytest.mark.parametrize("form", [(30, 4, 8, 3), (30, 3, 8, 1), (30, 8, 8, 4), (30, 8, 8, 12)])
def test_channels_at_the_end_stay_there(tmp_path, form):
    prepared = prepare(tmp_path, {"x": pixels(*form), "y": CODES})

    assert prepared.manifest.shape.image == ImageShape(height=form[1], width=form[2], channels=form[3])


@pytest.mark.parametrize(
    "labels",
    [
        CODES[:, None],
        CODES.astype(np.float32),
        CODES.astype(">i2"),
        np.eye(3)[CODES],
        np.eye(3, dtype=bool)[CODES],
        np.array(["0", "1", "2"])[CODES],
        np.array([b"0", b"1", b"2"])[CODES][:, None],
    ],
    ids=lambda labels: f"{labels.dtype}{labels.shape}",
)
def test_labels_in_every_usual_form_give_the_same_classes(tmp_path, labels):
    expected = prepare(tmp_path, {"x": X, "y": CODES})

    prepared = prepare(tmp_path, {"x": X, "y": labels})

    assert prepared.meta["class_names"] == ["0", "1", "2"]
    assert prepared.manifest.profile.classes == expected.manifest.profile.classes


@pytest.mark.parametrize("encoding", [None, "utf-8", "cp932"])
def test_texts_as_labels_are_the_names_of_the_classes(tmp_path, encoding):
    labels = NAMES[CODES] if encoding is None else np.array([n.encode(encoding) for n in NAMES])[CODES]

    prepared = prepare(tmp_path, {"x": X, "y": labels})

    assert prepared.meta["class_names"] == sorted(NAMES.tolist())


def test_codes_with_leading_zeros_and_numbers_beyond_floats_stay_as_they_are(tmp_path):
    codes = prepare(tmp_path, {"x": X, "y": np.array(["007", "07", "7"])[CODES]})
    large = prepare(tmp_path, {"x": X, "y": 2**53 + CODES})

    assert codes.meta["class_names"] == ["007", "07", "7"]
    assert large.meta["class_names"] == [str(2**53 + code) for code in range(3)]


def test_images_without_a_label_are_left_out_and_said(tmp_path):
    labels = CODES.astype(float)
    labels[[3, 7]] = np.nan

    prepared = prepare(tmp_path, {"x": X, "y": labels})

    assert prepared.manifest.shape.num_train + prepared.manifest.shape.num_val == 28
    raw = np.concatenate([prepared.arrays["x_train"], prepared.arrays["x_val"]])
    raw = (raw * prepared.meta["pixel_std"] + prepared.meta["pixel_mean"]).round().reshape(28, 8, 8)
    found = [int(np.flatnonzero((image == X).all(axis=(1, 2)))[0]) for image in raw]
    np.testing.assert_array_equal(
        CODES[found], np.concatenate([prepared.arrays["y_train"], prepared.arrays["y_val"]])
    )
    assert [warning.code for warning in prepared.manifest.profile.warnings] == ["dataset.missing_label"]


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
