"""Text as a stream of characters, and the models that read it."""

from itertools import pairwise

import numpy as np
import pytest

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.texts import text
from muscope.backend.ingest.texts.text import WINDOW_BYTES, Parts, prepare_text, split_text, windows_of

BOOK = "".join(f"第{place}行：It was the best of times.\r\n" for place in range(3000))
PLAIN = BOOK.replace("\r\n", "\n").encode()


def _prepare(tmp_path, content: bytes):
    source = tmp_path / "book.txt"
    source.write_bytes(content)
    return prepare_text(source)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_every_usual_encoding_gives_the_same_bytes(tmp_path, encoding):
    prepared = _prepare(tmp_path, BOOK.encode(encoding))

    expected = _prepare(tmp_path, PLAIN)
    assert all((prepared.arrays[name] == expected.arrays[name]).all() for name in expected.arrays)
    assert prepared.manifest.profile.text.num_bytes == len(PLAIN)
    assert prepared.manifest.shape.task is Task.LANGUAGE_MODELLING


def test_a_target_is_the_byte_after_and_a_window_is_a_piece_of_the_text(tmp_path):
    arrays = _prepare(tmp_path, PLAIN).arrays

    for x, y in ((arrays["x_train"], arrays["y_train"]), (arrays["x_val"], arrays["y_val"])):
        assert x.dtype == y.dtype == np.uint8
        np.testing.assert_array_equal(x[:, 1:], y[:, :-1])
        assert all(a.tobytes() + b[-1:].tobytes() in PLAIN for a, b in zip(x[:50], y[:50], strict=True))


def test_validation_text_is_no_training_text():
    arrays = windows_of(
        split_text(np.random.default_rng(0).bytes(50_000))
    ).arrays  # no eight bytes occur twice

    train, val = (_eights(arrays[f"x_{part}"]) | _eights(arrays[f"y_{part}"]) for part in ("train", "val"))
    assert train & val == set()
    assert 0.09 < len(val) / (len(val) + len(train)) < 0.11


def _eights(windows: np.ndarray) -> set[bytes]:
    """Return every eight bytes in a row that lie within a window."""
    return {row[start : start + 8] for row in map(bytes, windows) for start in range(WINDOW_BYTES - 7)}


def test_stretches_are_the_whole_text_in_order():
    parts = split_text(PLAIN)

    joined = b"".join(piece for pair in zip(parts.train, parts.val, strict=True) for piece in pair)
    assert joined == PLAIN
    assert len(parts.val) == 10


def test_the_shortest_text_has_windows_to_validate_on(tmp_path):
    shape = _prepare(tmp_path, PLAIN[: text.MIN_TEXT_BYTES]).manifest.shape

    assert (shape.num_train, shape.num_val) == (28, 3)


def test_no_window_spans_two_pieces():
    pieces = [bytes([index]) * 200 for index in range(5)]

    arrays = windows_of(Parts(pieces, pieces[:1])).arrays

    assert all(len(np.unique(window)) == 1 for window in arrays["y_train"])
    assert len(arrays["x_train"]) == 15


def test_training_windows_are_mixed_by_their_content(tmp_path):
    x = _prepare(tmp_path, PLAIN).arrays["x_train"]
    indices = [PLAIN.find(window.tobytes()) for window in x]

    assert sum(later < sooner for sooner, later in pairwise(indices)) > len(indices) // 3


def test_a_long_text_is_cut_with_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "MAX_TEXT_BYTES", 4096)

    profile = _prepare(tmp_path, PLAIN).manifest.profile

    assert profile.text.num_bytes == 4096
    assert [warning.code for warning in profile.warnings] == ["dataset.text_cut"]


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_a_table_named_as_a_text_is_reported(tmp_path, delimiter):
    lines = "".join(delimiter.join((str(index), "日本", str(index * 7))) + "\n" for index in range(400))

    (warning,) = _prepare(tmp_path, lines.encode()).manifest.profile.warnings

    assert warning.code == "dataset.text_looks_like_table"
    assert warning.params == {"delimiter": r"\t" if delimiter == "\t" else delimiter}


def test_prose_is_not_taken_for_a_table(tmp_path):
    lines = "".join("a, b, c" * (index % 3) + "\nNo comma here.\n" for index in range(400))

    assert _prepare(tmp_path, lines.encode()).manifest.profile.warnings == ()


@pytest.mark.parametrize("options", [IngestOptions(kind="text"), IngestOptions(task=Task.LANGUAGE_MODELLING)])
def test_a_text_is_read_as_one_when_named_as_one(tmp_path, options):
    source = tmp_path / "page.html"
    source.write_bytes(b"<html>" + PLAIN)

    assert prepare_file(source, options).manifest.shape.num_outputs == 256
