"""Archives: what is unpacked, what is asked, and what is refused."""

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from muscope.backend import catalogue
from muscope.backend.errors import MuscopeError, UnsupportedMedia
from muscope.backend.ingest.containers import limits, zip_file
from muscope.backend.ingest.containers.unpack import unpack
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from tests.backend.ingest.containers.archives import table, zipped, zipped_raw

TABLE = table()


def unpacked(tmp_path: Path, content: bytes, **options):
    source = tmp_path / "upload"
    source.write_bytes(content)
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return unpack(source, scratch, IngestOptions(**options))


def refused(tmp_path: Path, content: bytes, **options) -> str:
    with pytest.raises(MuscopeError) as raised:
        unpacked(tmp_path, content, **options)
    for language in catalogue.LANGUAGES:
        assert catalogue.text(f"error.{raised.value.code}", language, **raised.value.params)
    return raised.value.code.removeprefix("dataset.")


def codes(result) -> list[str]:
    return [note.code.removeprefix("dataset.") for note in result.notes]


def test_a_file_that_is_not_packed_is_left_where_it_is(tmp_path):
    result = unpacked(tmp_path, TABLE)

    assert (result.path, result.content, result.notes) == (tmp_path / "upload", "file", ())


@pytest.mark.parametrize("level", [0, 9])
def test_gzip_is_expanded_and_said(tmp_path, level):
    result = unpacked(tmp_path, gzip.compress(TABLE, level))

    assert (result.path.read_bytes(), codes(result)) == (TABLE, ["unpacked"])


def test_members_of_a_gzip_file_are_one_content(tmp_path):
    content = gzip.compress(TABLE[:50]) + bytes(7) + gzip.compress(TABLE[50:]) + bytes(3)

    result = unpacked(tmp_path, content)

    assert (result.path.read_bytes(), codes(result)) == (TABLE, ["unpacked"])


@pytest.mark.parametrize("rest", [b"x", b"junk\n" * 300_000])
def test_what_follows_a_gzip_file_is_counted_and_ignored(tmp_path, rest):
    result = unpacked(tmp_path, gzip.compress(TABLE) + rest)

    assert result.path.read_bytes() == TABLE
    assert result.notes[-1].params == {"count": len(rest)}


def test_the_name_in_a_gzip_file_tells_a_text_from_a_table(tmp_path):
    file = io.BytesIO()
    with gzip.GzipFile("book.txt", "wb", fileobj=file) as packed:
        packed.write(b"It was the best of times.\n" * 200)
    source = tmp_path / "upload"
    source.write_bytes(file.getvalue())

    assert prepare_file(source, IngestOptions()).manifest.profile.text is not None


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_the_only_table_of_a_zip_is_read(tmp_path, compression):
    result = unpacked(tmp_path, zipped({"data/t.csv": TABLE}, compression))

    assert (result.path.read_bytes(), result.name, result.decisions) == (TABLE, "t.csv", ())
    assert codes(result) == ["unpacked_member"]


def test_files_of_the_operating_system_are_no_files_of_the_user(tmp_path):
    system = ("__MACOSX/._t.csv", ".DS_Store", "d/.DS_Store", "._t.csv", "d/Thumbs.db", ".git/a.csv")

    result = unpacked(tmp_path, zipped({**dict.fromkeys(system, TABLE * 9), "d/t.csv": TABLE}))

    assert (result.path.read_bytes(), codes(result)) == (TABLE, ["unpacked_member"])


def test_of_several_tables_the_largest_is_taken_and_asked_about(tmp_path):
    files = {"small.csv": TABLE, "large.csv": TABLE + b"1,2,0\n", "README.md": b"hello"}

    result = unpacked(tmp_path, zipped(files))

    (decision,) = result.decisions
    assert result.path.read_bytes() == files["large.csv"]
    assert (decision.option, decision.value) == ("member", "large.csv")
    assert (decision.is_question, decision.choices) == (True, ("large.csv", "small.csv"))
    assert result.notes[0].params == {"count": 1}


def test_a_chosen_member_is_read_and_asked_about_no_more(tmp_path):
    files = {"small.csv": TABLE, "large.csv": TABLE * 2, "notes.txt": b"no table"}

    result = unpacked(tmp_path, zipped(files), member="small.csv")

    assert result.path.read_bytes() == TABLE
    assert (result.decisions[0].is_guessed, result.decisions[0].is_question) == (False, False)
    assert result.options.member is None


def test_a_part_of_a_member_is_left_to_its_reader(tmp_path):
    files = {"a.csv": TABLE, "b.csv": TABLE * 2}

    assert unpacked(tmp_path, zipped(files), member="a.csv/Sheet 2").options.member == "Sheet 2"
    assert unpacked(tmp_path, zipped({"a.csv": TABLE}), member="Sheet 2").options.member == "Sheet 2"


def test_a_member_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    files = {"a.csv": TABLE, "b.csv": TABLE * 2}

    assert refused(tmp_path, zipped(files), member="c.csv") == "unknown_member"


def test_archives_in_archives_are_opened_three_deep_and_no_deeper(tmp_path):
    content = zipped({"in.zip": zipped({"t.csv.gz": gzip.compress(TABLE)})})

    assert unpacked(tmp_path, content).path.read_bytes() == TABLE
    assert refused(tmp_path, zipped({"again.zip": content})) == "archive_nested"
    assert (
        refused(tmp_path, gzip.compress(gzip.compress(gzip.compress(gzip.compress(TABLE)))))
        == "archive_nested"
    )


@pytest.mark.parametrize("encoding", ["cp932", "utf-8"])
def test_names_without_a_mark_are_read_as_they_were_written(tmp_path, encoding):
    names = {
        name.encode(encoding): TABLE + b"1,2,0\n" * place
        for place, name in enumerate(["表/一.csv", "ソ.csv"])
    }

    result = unpacked(tmp_path, zipped_raw(names))

    assert set(result.decisions[0].choices) == {"表/一.csv", "ソ.csv"}
    assert ("archive_names_guessed" in codes(result)) == (encoding == "cp932")


def test_a_workbook_is_left_to_its_reader(tmp_path):
    result = unpacked(tmp_path, zipped({"[Content_Types].xml": b"<Types/>", "xl/data.csv": TABLE}))

    assert (result.path, result.content) == (tmp_path / "upload", "file")


def test_links_are_left_out_and_named(tmp_path):
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(link, "/etc/passwd" * 999)
        archive.writestr("t.csv", TABLE)

    result = unpacked(tmp_path, file.getvalue())

    assert (result.path.read_bytes(), result.notes[0].params) == (TABLE, {"count": 1, "names": "link.csv"})


@pytest.mark.parametrize("name", ["../t.csv", "a/../../t.csv", "..\\t.csv", "C:..\\t.csv"])
def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path, name):
    assert refused(tmp_path, zipped({name: TABLE})) == "archive_unsafe_name"


def test_an_absolute_name_is_taken_as_one_below_the_archive(tmp_path):
    assert unpacked(tmp_path, zipped({"/home/me/t.csv": TABLE})).path.read_bytes() == TABLE


def patched(content: bytes, field: int, value: int) -> bytes:
    """Return a ZIP with a field of two bytes changed in its directory: 8 flags, 10 method."""
    place = content.index(b"PK\x01\x02") + field
    return content[:place] + value.to_bytes(2, "little") + content[place + 2 :]


def test_each_way_in_which_an_archive_cannot_be_opened_has_its_sentence(tmp_path):
    content = zipped({"t.csv": TABLE})

    assert refused(tmp_path, patched(content, 8, 1)) == "archive_encrypted"
    assert refused(tmp_path, patched(content, 10, 9)) == "archive_method"
    assert refused(tmp_path, zipped({"t.csv": TABLE}, zipfile.ZIP_LZMA)) == "archive_method"
    assert refused(tmp_path, content[:-30]) == "archive_damaged"
    assert refused(tmp_path, content[:45] + b"\xff" + content[46:]) == "archive_member_damaged"
    assert refused(tmp_path, gzip.compress(TABLE)[:-9]) == "archive_damaged"
    assert refused(tmp_path, zipped({})) == "archive_empty"
    assert refused(tmp_path, zipped({"program.exe": b"MZ"})) == "archive_no_data"
    assert refused(tmp_path, zipped({"t.csv": b""})) == "empty_file"
    assert refused(tmp_path, gzip.compress(b"")) == "empty_file"


def test_archives_of_other_programs_are_named(tmp_path):
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        info = tarfile.TarInfo("t.csv")
        info.size = len(TABLE)
        archive.addfile(info, io.BytesIO(TABLE))
    source = tmp_path / "upload"
    others = [tar.getvalue(), gzip.compress(tar.getvalue())]
    others += [bz2.compress(TABLE), lzma.compress(TABLE), b"7z\xbc\xaf\x27\x1c" + TABLE]
    others += [b"Rar!\x1a\x07\x01\x00" + TABLE, b"\x28\xb5\x2f\xfd" + TABLE, b"\x1f\x9d" + TABLE]

    for content in others:
        source.write_bytes(content)
        with pytest.raises(UnsupportedMedia, match=r"dataset\.unpack_first"):
            prepare_file(source, IngestOptions())


def test_what_unpacks_to_far_too_much_is_stopped_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "_UNSUSPICIOUS_BYTES", 1 << 20)
    zeros = bytes(8 << 20)

    assert refused(tmp_path, gzip.compress(zeros)) == "archive_bomb"
    assert refused(tmp_path, zipped({"t.csv": zeros})) == "archive_bomb"
    assert max(path.stat().st_size for path in (tmp_path / "scratch").iterdir()) < 4 << 20


def test_layers_share_one_limit_on_what_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(limits.Budget.__init__, "__defaults__", (len(TABLE) + 100,))

    assert unpacked(tmp_path, gzip.compress(TABLE)).path.read_bytes() == TABLE
    assert refused(tmp_path, gzip.compress(gzip.compress(TABLE, 0), 0)) == "archive_too_large"


def test_members_that_share_packed_bytes_are_refused(tmp_path):
    content = zipped({"a.csv": TABLE, "b.csv": TABLE})
    first, second = (content.index(b"PK\x01\x02", start) for start in (0, content.index(b"PK\x01\x02") + 4))
    same_place = content[first + 42 : first + 46]

    overlapping = content[: second + 42] + same_place + content[second + 46 :]

    assert refused(tmp_path, overlapping) == "archive_damaged"


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    content = zipped({f"{i}.csv": b"" for i in range(20)})

    monkeypatch.setattr(zip_file, "MAX_MEMBERS", 19)
    assert refused(tmp_path, content) == "archive_members"
    monkeypatch.setattr(zip_file, "MAX_MEMBERS", 20)
    monkeypatch.setattr(zip_file, "MAX_DIRECTORY_BYTES", 500)
    assert refused(tmp_path, content) == "archive_members"


def test_a_packed_table_gives_what_the_table_gives(tmp_path):
    source = tmp_path / "upload"
    source.write_bytes(TABLE)
    plain = prepare_file(source, IngestOptions())
    source.write_bytes(zipped({"data.csv.gz": gzip.compress(TABLE)}))

    packed = prepare_file(source, IngestOptions())

    assert all((packed.arrays[name] == plain.arrays[name]).all() for name in plain.arrays)
    assert [note.code for note in packed.manifest.profile.notes] == [
        "dataset.unpacked_member",
        "dataset.unpacked",
    ]
