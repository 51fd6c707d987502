"""Arrays of images in NumPy files: names, splits, forms and labels as people save them."""

import numpy as np
import pytest

from muscope.backend.domain.spec.dataset import ImageShape
from tests.backend.ingest.arrays_file.array_files import NAMES, X, asked, decided, prepare
from tests.backend.ingest.bad_files import CODES, pixels


def notes(prepared) -> list[str]:
    return [note.code.removeprefix("dataset.") for note in prepared.manifest.profile.notes]


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
