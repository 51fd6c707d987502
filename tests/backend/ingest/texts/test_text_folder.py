"""Texts in folders of classes."""

from typing import Any

import pytest

from muscope.backend import catalogue
from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.texts import text_folder
from muscope.backend.ingest.texts.text import WINDOW_BYTES
from tests.backend.ingest.containers.archives import zipped


def prose(name: str, lines: int = 200) -> bytes:
    return "".join(f"{name}の{line}行目。It was the best of times.\n" for line in range(lines)).encode()


def prepare(tmp_path, files, **options):
    source = tmp_path / "upload"
    source.write_bytes(zipped(files))
    prepared = prepare_file(source, IngestOptions(**options))
    profile = prepared.manifest.profile
    for code, params in ((entry.code, entry.params) for entry in (*profile.notes, *profile.warnings)):
        assert all(catalogue.text(f"warning.{code}", language, **params) for language in catalogue.LANGUAGES)
    return prepared


def said(prepared) -> dict[str, dict[str, Any]]:
    profile = prepared.manifest.profile
    return {e.code.removeprefix("dataset."): e.params for e in (*profile.notes, *profile.warnings)}


def test_texts_are_read_as_one_and_no_window_spans_two_files(tmp_path):
    files = {f"books/{name}.txt": prose(name) for name in "甲乙丙"}

    prepared = prepare(tmp_path, files)

    arrays = prepared.arrays
    windows = [w.tobytes() for part in ("train", "val") for w in arrays[f"x_{part}"]]
    assert all(sum(window in content for content in files.values()) == 1 for window in windows)
    assert len(windows) * WINDOW_BYTES > 0.98 * sum(map(len, files.values()))
    assert prepared.manifest.profile.text.num_files == 3
    assert said(prepared) == {"texts_joined": {"count": 3}}


def test_each_long_file_trains_and_validates(tmp_path):
    files = {f"{name}.txt": prose(name) for name in "甲乙丙"}

    arrays = prepare(tmp_path, files).arrays

    for part in ("train", "val"):
        windows = b"".join(w.tobytes() for w in arrays[f"x_{part}"])
        assert all(name.encode() in windows for name in "甲乙丙")
    assert 0.08 < len(arrays["x_val"]) / (len(arrays["x_val"]) + len(arrays["x_train"])) < 0.13


def test_short_files_train_or_validate_as_a_whole(tmp_path):
    files = {f"{i:03}.txt": prose(f"[{i:03}]", 8) for i in range(100)}

    arrays = prepare(tmp_path, files).arrays

    train, val = (
        {name for name in files if any(w.tobytes() in files[name] for w in arrays[f"x_{part}"])}
        for part in ("train", "val")
    )
    assert train & val == set()
    assert 5 <= len(val) <= 11


def test_of_a_few_short_files_the_shortest_validates(tmp_path):
    files = {f"{name}.txt": prose(name, 20 + place) for place, name in enumerate("甲乙丙")}

    arrays = prepare(tmp_path, files).arrays

    assert b"".join(w.tobytes() for w in arrays["x_val"]) in files["甲.txt"]


def test_a_split_by_folders_is_kept_and_can_be_given_up(tmp_path):
    files = {"train/a.txt": prose("甲"), "test/b.txt": prose("乙", 100)}

    prepared = prepare(tmp_path, files)
    joined = prepare(tmp_path, files, split="random")

    assert "乙".encode() not in b"".join(w.tobytes() for w in prepared.arrays["x_train"])
    assert said(prepared)["test_validates"] == {"name": "test", "count": 1}
    assert [d.value for d in prepared.manifest.profile.decisions if d.option == "split"] == ["given"]
    assert [d.value for d in joined.manifest.profile.decisions if d.option == "split"] == ["random"]
    assert "乙".encode() in b"".join(w.tobytes() for w in joined.arrays["x_train"])


def test_every_file_has_an_encoding_of_its_own(tmp_path):
    text = prose("甲").decode()

    prepared = prepare(tmp_path, {f"{name}.txt": text.encode(name) for name in ("cp932", "utf-8", "utf-16")})

    assert set(prepared.manifest.profile.encoding.split(", ")) == {"UTF-8", "CP932", "UTF-16"}
    assert prepared.manifest.profile.text.num_bytes == 3 * len(text.encode())


def test_what_is_no_text_is_left_out_by_name(tmp_path):
    files = {"a.txt": prose("甲"), "b.txt": b"\x00\x01" * 999, "c.txt": b"", "d.md": prose("丁")}

    prepared = prepare(tmp_path, files)

    assert said(prepared)["texts_left_out"] == {"count": 2, "names": "b.txt, c.txt"}
    assert prepared.manifest.profile.text.num_files == 2


def test_too_much_text_is_cut_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(text_folder, "MAX_TEXT_BYTES", 12_000)

    prepared = prepare(tmp_path, {f"{name}.txt": prose(name) for name in "甲乙丙"})

    assert prepared.manifest.profile.text.num_bytes == 12_000
    assert "text_cut" in said(prepared)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"a.txt": b"short", "b.txt": b"too"}, "dataset.text_too_short"),
        ({f"{i}.txt": b"%060d" % i for i in range(100)}, "dataset.texts_too_short"),
        ({"a.txt": b" \n" * 2000, "b.txt": b"\n"}, "dataset.blank_text"),
        ({"a.txt": b"\0" * 99, "b.txt": b"\0\1"}, "dataset.blank_text"),
    ],
)
def test_texts_that_cannot_be_used_are_refused(tmp_path, files, code):
    with pytest.raises(MuscopeError) as raised:
        prepare(tmp_path, files)

    assert raised.value.code == code
