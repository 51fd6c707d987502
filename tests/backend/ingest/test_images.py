import numpy as np
import pytest

from muscope.backend.domain.spec.dataset import ImageShape, Task
from muscope.backend.ingest import images
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from tests.backend.ingest.bad_files import CODES, npz, pixels


def _prepare(tmp_path, **arrays):
    source = tmp_path / "images.npz"
    source.write_bytes(npz(**arrays))
    return prepare_file(source, IngestOptions())


def test_an_archive_of_colour_images_is_known_by_its_first_bytes(tmp_path):
    prepared = _prepare(tmp_path, x=pixels(30, 6, 5, 3), y=CODES + 5)

    shape, profile = prepared.manifest.shape, prepared.manifest.profile
    assert (shape.task, shape.num_train, shape.num_val) == (Task.CLASSIFICATION, 24, 6)
    assert shape.image == ImageShape(height=6, width=5, channels=3)
    assert (profile.label, profile.num_rows, profile.columns) == ("y", 30, ())
    assert [(item.name, item.count) for item in profile.classes] == [("5", 10), ("6", 10), ("7", 10)]


def test_grey_images_have_one_channel(tmp_path):
    assert _prepare(tmp_path, x=pixels(30, 6, 5), y=CODES).manifest.shape.image.channels == 1


@pytest.mark.parametrize("block", [1 << 23, 200])
def test_a_row_is_an_image_by_rows_columns_channels_in_units_of_its_channel(tmp_path, monkeypatch, block):
    monkeypatch.setattr(images, "_BLOCK_NUMBERS", block)
    x = pixels(30, 6, 5, 3).astype(np.float64) * [1, 10, 0.01]

    prepared = _prepare(tmp_path, x=x, y=CODES)

    train = prepared.arrays["x_train"].reshape(-1, 6, 5, 3)
    np.testing.assert_allclose(train.mean((0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(train.std((0, 1, 2)), 1, atol=1e-6)
    raw = (
        prepared.arrays["x_val"].reshape(-1, 6, 5, 3) * prepared.meta["pixel_std"]
        + prepared.meta["pixel_mean"]
    )
    for image, code in zip(raw, prepared.arrays["y_val"], strict=True):
        (index,) = np.flatnonzero(np.abs(x - image).max((1, 2, 3)) < 1e-3)
        assert CODES[index] == code


def test_black_and_white_are_those_of_the_type_else_of_the_data(tmp_path):
    bytes_ = _prepare(tmp_path, x=pixels() // 2, y=CODES)
    floats = _prepare(tmp_path, x=pixels() / 255 - 0.5, y=CODES)

    assert bytes_.meta["pixel_range"] == [0, 255]
    np.testing.assert_allclose(
        floats.meta["pixel_range"], [pixels().min() / 255 - 0.5, pixels().max() / 255 - 0.5]
    )


def test_a_constant_channel_is_zero_and_reported(tmp_path):
    x = pixels(30, 6, 5, 4)
    x[..., 3] = 255

    prepared = _prepare(tmp_path, x=x, y=CODES)

    assert not prepared.arrays["x_train"].reshape(-1, 4)[:, 3].any()
    (warning,) = prepared.manifest.profile.warnings
    assert (warning.code, warning.params) == ("dataset.constant_channel", {"channel": 4})


@pytest.mark.parametrize("dtype", [np.bool_, np.int16, np.float16, ">f8"])
def test_every_numeric_type_is_read(tmp_path, dtype):
    x = (pixels() > 100).astype(dtype)

    arrays = _prepare(tmp_path, x=x, y=CODES.astype(np.uint8)).arrays
    assert (arrays["x_val"].dtype, len(np.unique(arrays["x_val"]))) == (np.float32, 2)


def test_the_split_is_of_the_content_and_in_proportion(tmp_path):
    first, again = (_prepare(tmp_path, x=pixels(), y=CODES) for _ in range(2))

    assert np.bincount(first.arrays["y_val"]).tolist() == [2, 2, 2]
    assert all((first.arrays[name] == again.arrays[name]).all() for name in first.arrays)
