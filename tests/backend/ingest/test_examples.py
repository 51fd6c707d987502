import hashlib
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from muscope.backend import catalogue
from muscope.backend.domain.spec.dataset import ImageShape, Task
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.examples import python_source as example_python
from muscope.backend.ingest.examples.builtin import make_example
from muscope.backend.ingest.examples.python_source import read_sources, split_files
from muscope.backend.ingest.examples.shapes import NUM_IMAGES, SHAPE_NAMES, draw_shapes
from muscope.backend.ingest.manifest import EXAMPLE_NAMES
from muscope.backend.ingest.splits.split import split
from muscope.backend.ingest.table.labels import Label


@pytest.fixture(scope="module")
def stdlib(tmp_path_factory) -> Path:
    """A small standard library: modules of 100 lines, a package, tests that are none of ours."""
    folder: Path = tmp_path_factory.mktemp("stdlib")
    (folder / "json").mkdir()
    (folder / "test").mkdir()
    for name in ("abc", "csv", "enum", "re", "json/__init__", "json/decoder", "test/test_abc", "antigravity"):
        lines = "".join(f"{name}_{line} = {line}\n" for line in range(100))
        (folder / f"{name}.py").write_text(lines)
    (folder / "cmd.py").write_text("")
    return folder


@pytest.mark.parametrize("name", EXAMPLE_NAMES)
def test_examples_are_the_same_every_time_and_described_in_both_languages(name):
    first, again = make_example(name), make_example(name)

    assert first.manifest == again.manifest
    assert all((first.arrays[key] == again.arrays[key]).all() for key in first.arrays)
    assert all(catalogue.text(f"example.{name}.title", language) for language in catalogue.LANGUAGES)
    assert all(catalogue.text(f"example.{name}.description", language) for language in catalogue.LANGUAGES)


def test_digits_are_images_of_64_pixels_and_ten_classes():
    shape = make_example("digits").manifest.shape

    assert (shape.num_features, shape.num_outputs, shape.num_train + shape.num_val) == (64, 10, 1797)
    assert shape.image == ImageShape(height=8, width=8, channels=1)


def test_digits_hold_the_numbers_they_held_as_a_table():
    """Experiments stored before digits were images trained on these rows, split by this hash."""
    pixels, digits = load_digits(return_X_y=True)
    label = Label("digit", Task.CLASSIFICATION, False, np.arange(1797), digits, tuple("0123456789"))
    train, val = split(label, hashlib.sha256(pixels.tobytes() + digits.tobytes()).hexdigest())
    x = ((pixels - pixels[train].mean()) / pixels[train].std()).astype(np.float32)

    arrays = make_example("digits").arrays

    for name, rows in (("train", train), ("val", val)):
        np.testing.assert_array_equal(arrays[f"x_{name}"], x[rows], strict=True)
        np.testing.assert_array_equal(arrays[f"y_{name}"], digits[rows].astype(np.int64), strict=True)


def test_shapes_are_colour_images_with_as_many_of_each_class():
    prepared = make_example("shapes")

    shape, profile = prepared.manifest.shape, prepared.manifest.profile
    assert shape.image == ImageShape(height=16, width=16, channels=3)
    assert [item.count for item in profile.classes] == [NUM_IMAGES // 10] * 10
    assert prepared.meta["class_names"] == list(SHAPE_NAMES)


def test_neither_place_nor_colour_tells_the_shapes_apart():
    """The nearest class mean, a linear rule, is hardly better than chance; a filled shape is still seen."""
    pixels, codes = draw_shapes()
    x = pixels.reshape(NUM_IMAGES, -1) / 255.0
    half = NUM_IMAGES // 2
    means = np.stack([x[:half][codes[:half] == code].mean(0) for code in range(10)])

    distances = ((x[half:, None] - means) ** 2).sum(-1)

    assert (distances.argmin(1) == codes[half:]).mean() < 0.25


def test_a_shape_stands_out_from_the_noise():
    pixels, codes = draw_shapes()
    discs = pixels[codes == SHAPE_NAMES.index("disc")].astype(float)

    within = (discs - discs.mean((1, 2), keepdims=True)).std((1, 2)).mean()

    assert within > 2 * 0.08 * 255  # twice the noise alone


def test_python_sources_are_bytes_of_this_machines_own_library():
    manifest = make_example("python_source").manifest

    assert (manifest.shape.task, manifest.shape.num_features, manifest.shape.num_outputs) == (
        Task.LANGUAGE_MODELLING, 64, 256,
    )  # fmt: skip
    assert manifest.profile.text is not None
    assert 1_000_000 < manifest.profile.text.num_bytes <= example_python.MAX_BYTES


def test_sources_are_the_listed_modules_and_packages_in_order(stdlib):
    sources = read_sources(stdlib)

    assert [source.split(b"_0")[0] for source in sources] == [
        b"abc", b"csv", b"enum", b"json/__init__", b"json/decoder", b"re",
    ]  # fmt: skip


def test_sources_end_with_the_last_whole_file_within_the_limit(stdlib, monkeypatch):
    two = sum(map(len, read_sources(stdlib)[:2]))
    monkeypatch.setattr(example_python, "MAX_BYTES", two + 10)

    assert len(read_sources(stdlib)) == 2


def test_a_file_trains_or_validates_as_a_whole():
    sources = [bytes([index]) * 100 for index in range(40)]

    parts = split_files(sources)

    assert sorted([*parts.train, *parts.val]) == sources
    assert len(parts.val) == 4


def test_a_python_without_sources_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))

    with pytest.raises(InvalidInput, match=r"example\.no_python_sources"):
        make_example("python_source")
