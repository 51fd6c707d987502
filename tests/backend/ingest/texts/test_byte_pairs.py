"""Byte-pair vocabularies: trained on the training part, invertible, and shorter than bytes."""

import builtins

import numpy as np
import pytest

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.texts.byte_pairs import BytePairs
from muscope.backend.ingest.texts.text import WINDOW_BYTES, Parts, split_text, windows_of
from muscope.backend.services.datasets.samples import readable

pytest.importorskip("tokenizers", reason="the extra bpe is not installed")
PROSE = "".join(
    f"第{n}行：The best of times, the worst of times; chapter {n * 7919}.\n" for n in range(1500)
).encode()


def test_the_tokens_of_a_text_are_its_bytes_again():
    pairs = BytePairs.of([PROSE], 400)
    odd = bytes(range(256)) + PROSE[1:5000]  # bytes of no text, and a start within a character

    for text in (PROSE, odd, b""):
        assert b"".join(pairs.tokens[number] for number in pairs.numbers(text)) == text
    assert len(pairs.tokens) == 400
    assert len(pairs.numbers(PROSE)) < len(PROSE) / 2


def test_a_vocabulary_follows_from_its_text_and_size():
    assert BytePairs.of([PROSE], 300).tokens == BytePairs.of([PROSE], 300).tokens
    assert BytePairs.of([PROSE], 300).tokens == BytePairs.of([PROSE], 400).tokens[:300]


def test_the_vocabulary_is_trained_on_the_training_part_alone():
    parts = split_text(PROSE)
    other = Parts(parts.train, [b"zqzqzqzq zqzqzqzq " * 400])

    windows = [windows_of(each, vocabulary=320) for each in (parts, other)]

    np.testing.assert_array_equal(windows[0].arrays["x_train"], windows[1].arrays["x_train"])
    assert windows[0].meta["tokens"] == windows[1].meta["tokens"]
    assert "zq" not in windows[0].meta["tokens"]


def test_windows_of_tokens_hold_the_token_after_each_and_say_how_long_tokens_are():
    prepared = windows_of(split_text(PROSE), vocabulary=512)
    arrays, shape = prepared.arrays, prepared.manifest.shape
    tokens = prepared.meta["tokens"]

    assert shape.num_outputs == len(tokens) == 512
    for part in ("train", "val"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        assert x.shape[1] == WINDOW_BYTES
        np.testing.assert_array_equal(x[:, 1:], y[:, :-1])
        assert x.max() < 512
        for window in x[:20]:
            assert "".join(tokens[number] for number in window).encode("latin-1") in PROSE
    profile = prepared.manifest.profile.text
    assert profile is not None
    lengths = [len(tokens[number]) for number in arrays["x_val"].reshape(-1)]
    assert profile.bytes_per_token == pytest.approx(np.mean(lengths), rel=0.02)


def test_an_owner_chooses_the_vocabulary_and_bytes_stay_the_default(tmp_path):
    source = tmp_path / "book.txt"
    source.write_bytes(PROSE)

    pairs, plain = (prepare_file(source, IngestOptions(kind="text", vocabulary=size)) for size in (1024, 256))

    usual = prepare_file(source, IngestOptions(kind="text"))
    assert all((plain.arrays[name] == usual.arrays[name]).all() for name in usual.arrays)
    text = usual.manifest.profile.text
    assert text is not None
    assert text.bytes_per_token is None
    said = {each.option: (each.value, each.is_guessed) for each in pairs.manifest.profile.decisions}
    assert said["vocabulary"] == ("1024", False)
    asked = {each.option: (each.value, each.is_guessed) for each in usual.manifest.profile.decisions}
    assert asked["vocabulary"] == ("256", True)


def test_a_vocabulary_too_large_for_its_text_is_refused():
    short = Parts([b"abcdefgh" * 300], [b"abcdefgh" * 20])

    with pytest.raises(InvalidInput) as refused:
        windows_of(short, vocabulary=2000)

    assert refused.value.code == "dataset.too_few_tokens"


def test_a_server_without_the_library_says_which(monkeypatch):
    importing = builtins.__import__

    def without(name, *rest, **more):
        if name == "tokenizers":
            raise ImportError(name)
        return importing(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(InvalidInput) as refused:
        BytePairs.of([PROSE], 300)

    assert refused.value.code == "dataset.no_byte_pairs"


def test_a_table_has_no_vocabulary(tmp_path):
    source = tmp_path / "rows.csv"
    source.write_text("a,b\n" + "1,2\n3,4\n" * 50, encoding="utf-8")

    with pytest.raises(InvalidInput) as refused:
        prepare_file(source, IngestOptions(kind="table", vocabulary=512))

    assert refused.value.code == "dataset.option_not_for_kind"


def test_a_window_of_tokens_is_shown_as_its_text():
    prepared = windows_of(split_text(PROSE), vocabulary=400)

    shown = [readable(window, prepared.meta["tokens"]) for window in prepared.arrays["x_train"][:20]]

    assert all(len(text) > 30 and text in PROSE.decode() for text in shown)
