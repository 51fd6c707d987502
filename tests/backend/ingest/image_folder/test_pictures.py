"""Pictures of every usual format, size and depth as pixels of one form."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.image_folder import form, picture
from muscope.backend.ingest.image_folder import prepare as preparation
from muscope.backend.ingest.image_folder.picture import Facts, Form, facts_of, pixels_of
from muscope.backend.ingest.images import MAX_IMAGE_NUMBERS
from tests.backend.ingest.containers.archives import table
from tests.backend.ingest.image_folder.picture_files import (
    RNG,
    colours,
    pictures,
    prepare,
    raw,
    refused,
    said,
    saved,
)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP", "PPM"])
def test_every_usual_format_is_read_whatever_its_ending(tmp_path, kind):
    pixels = [colours() for _ in range(20)]
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    files = {f"{'ab'[i % 2]}/{i}.jpg": saved(p, kind, **options) for i, p in enumerate(pixels)}

    prepared = prepare(tmp_path, files)

    assert all(any((image == p).all() for p in pixels) for image in raw(prepared, "x_train"))


def smooth(height: int = 32, width: int = 24) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([3 * y, 5 * x, 100 + y], axis=-1).astype(np.uint8)


def test_cmyk_is_turned_into_the_colours_it_shows():
    image = smooth()

    pixels = pixels_of(saved(image, "JPEG", "CMYK", quality=95), Form(32, 24, 3, is_deep=False))

    assert np.abs(pixels.astype(int) - image).max() < 30


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_grey_and_colour_are_one_over_all(tmp_path, mode):
    files = {f"{'ab'[i % 2]}/{i}.png": saved(colours(), mode=mode) for i in range(20)}

    alone = prepare(tmp_path, files)
    mixed = prepare(tmp_path, files | {"a/x.png": saved(colours())})

    assert alone.manifest.shape.image.channels == (3 if mode == "P" else 1)
    assert mixed.manifest.shape.image.channels == 3
    assert said(mixed) == ({} if mode == "P" else {"images_in_colour": {"count": 20}})


def test_grey_saved_in_colour_has_one_channel(tmp_path):
    files = {f"{'ab'[i % 2]}/{i}.png": saved(colours()[..., :1].repeat(3, axis=2)) for i in range(20)}

    prepared = prepare(tmp_path, files)

    assert prepared.manifest.shape.image.channels == 1
    assert "images_grey_saved_in_colour" in said(prepared)


def test_sixteen_bits_are_kept(tmp_path):
    images = [RNG.integers(0, 60000, (12, 10), dtype=np.uint16) for _ in range(20)]

    prepared = prepare(tmp_path, {f"{'ab'[i % 2]}/{i}.png": saved(image) for i, image in enumerate(images)})

    found = raw(prepared, "x_val")[..., 0]
    assert all(any(np.abs(image - known).max() <= 1 for known in images) for image in found)
    assert found.max() > 255


def test_sixteen_bits_beside_eight_have_the_same_black_and_white():
    deep = saved(np.full((8, 8), 65535, np.uint16))
    plain = saved(np.full((8, 8), 255, np.uint8))

    for content in (deep, plain):
        assert (pixels_of(content, Form(8, 8, 1, is_deep=True)) == 65535).all()
        assert (pixels_of(content, Form(8, 8, 3, is_deep=False)) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_camera_says(orientation):
    image = smooth()
    exif = Image.Exif()
    exif[0x0112] = orientation
    turns = {
        1: image, 2: image[:, ::-1], 3: image[::-1, ::-1], 4: image[::-1], 5: image.transpose(1, 0, 2),
        6: np.rot90(image, -1), 7: np.rot90(image, 2).transpose(1, 0, 2), 8: np.rot90(image),
    }  # fmt: skip
    upright = turns[orientation]
    content = saved(image, "PNG", exif=exif)

    facts = facts_of(content)

    assert (facts.height, facts.width, facts.is_turned) == (*upright.shape[:2], orientation != 1)
    np.testing.assert_array_equal(
        pixels_of(content, Form(upright.shape[0], upright.shape[1], 3, is_deep=False)), upright
    )


def test_transparent_parts_are_white():
    image = np.dstack([colours(), np.full((12, 10), 255, np.uint8)])
    image[:6, :, 3] = 0

    pixels = pixels_of(saved(image), Form(12, 10, 3, is_deep=False))

    assert (pixels[:6] == 255).all()
    np.testing.assert_array_equal(pixels[6:], image[6:, :, :3])


def test_other_sizes_are_brought_to_the_most_frequent_one_whole(tmp_path):
    files = pictures(count=8) | {"cat/wide.png": saved(np.full((20, 60, 3), 200, np.uint8))}

    prepared = prepare(tmp_path, files)

    assert said(prepared)["images_resized"] == {"count": 1, "height": 12, "width": 10}


def test_a_picture_is_scaled_in_proportion_and_its_edges_go_on():
    image = np.zeros((10, 40, 3), np.uint8)
    image[:, 20:] = 255

    pixels = pixels_of(saved(image), Form(20, 20, 3, is_deep=False))

    assert (pixels[:, :9] == 0).all()
    assert (pixels[:, 11:] == 255).all()


def facts(height: int, width: int, *, is_grey: bool = False) -> Facts:
    return Facts(height, width, is_grey, False, False, False, False)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(28, 28)] * 9, (28, 28)),
        ([(28, 28)] * 9 + [(30, 20)], (28, 28)),
        ([(5, 4000)] * 9, (4, 3616)),
        ([(480, 640)] * 9, (104, 144)),
        ([(100, 300), (120, 200), (110, 90)], (88, 168)),
        ([(3000, 2000)] * 9, (152, 104)),
    ],
)
def test_the_common_size_keeps_the_proportions_within_the_limits(sizes, expected):
    found = form.form_of([facts(*size) for size in sizes])

    assert (found.height, found.width) == expected
    assert found.height * found.width * found.channels <= MAX_IMAGE_NUMBERS


def test_many_pictures_are_smaller_and_too_many_are_refused(monkeypatch):
    many = [facts(64, 64)] * 1000
    monkeypatch.setattr(form, "MAX_NUMBERS", 1000 * 40 * 40 * 3)
    assert (form.form_of(many).height, form.form_of(many).width) == (40, 40)
    monkeypatch.setattr(form, "MAX_NUMBERS", 1000 * 10 * 10 * 3)
    with pytest.raises(MuscopeError, match="too_many_pictures"):
        form.form_of(many)


def png_header(width: int, height: int) -> bytes:
    """Return the beginning of a PNG that announces a size; nothing of it is there."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def test_broken_pictures_are_left_out_by_name(tmp_path):
    good = saved(colours())
    broken = {
        "cat/cut.png": good[: len(good) // 2],
        "cat/empty.png": b"",
        "cat/text.png": b"no picture",
        "dog/phone.heic": b"\0\0\0\x18ftypheic",
        "dog/huge.png": png_header(60_000, 60_000),
    }

    prepared = prepare(tmp_path, pictures() | broken)

    assert prepared.manifest.profile.num_rows == 16
    names = "cat/cut.png, cat/empty.png, cat/text.png, …"
    assert said(prepared)["images_left_out"] == {"count": 5, "names": names}


def test_too_few_readable_pictures_are_refused_with_the_names_of_the_others(tmp_path):
    error = refused(tmp_path, pictures(count=4) | {f"cat/{i}.png": b"" for i in range(20)})

    assert error.code == "dataset.unreadable_images"
    assert (error.params["count"], error.params["total"]) == (20, 24)
    assert refused(tmp_path, pictures(count=4)).code == "dataset.too_few_images"


def test_pages_after_the_first_are_said(tmp_path):
    file = io.BytesIO()
    pages = [Image.fromarray(colours()) for _ in range(3)]
    pages[0].save(file, "TIFF", save_all=True, append_images=pages[1:])

    assert said(prepare(tmp_path, pictures() | {"cat/pages.tif": file.getvalue()}))["images_first_page"] == {
        "count": 1
    }


def test_a_table_beside_pictures_is_named_and_can_be_chosen(tmp_path):
    files = pictures() | {"labels.csv": table()}

    assert said(prepare(tmp_path, files))["archive_files_left"] == {"count": 1}
    assert prepare(tmp_path, files, kind="table").manifest.shape.image is None
    assert prepare(tmp_path, files, member="labels.csv").manifest.shape.image is None


def test_one_picture_takes_bounded_room(monkeypatch):
    monkeypatch.setattr(picture, "MAX_PICTURE_PIXELS", 100)
    with pytest.raises(picture.Unreadable):
        facts_of(saved(colours(12, 10)))
    assert facts_of(saved(colours(10, 10))).width == 10


def test_a_collection_as_large_as_cifar_keeps_its_size_and_colour():
    found = form.form_of([facts(32, 32)] * 60_000)

    assert (found.height, found.width, found.channels) == (32, 32, 3)


def test_why_pictures_are_smaller_is_said(tmp_path, monkeypatch):
    files = {f"{'ab'[i % 2]}/{i}.png": saved(colours(32, 32)) for i in range(20)}
    assert "pictures_reduced" not in said(prepare(tmp_path, files))

    for module in (form, preparation):
        monkeypatch.setattr(module, "MAX_NUMBERS", 20 * 24 * 24 * 3)

    assert said(prepare(tmp_path, files))["pictures_reduced"] == {
        "height": 32, "width": 32, "new_height": 24, "new_width": 24, "count": 20, "limit": 20 * 24 * 24 * 3,
    }  # fmt: skip
