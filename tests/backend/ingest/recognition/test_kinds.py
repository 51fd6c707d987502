"""Formats are told by content. Files are those that the formats' own libraries write, where they are here."""

from __future__ import annotations

import datetime
import gzip
import json
import pickle
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xlwt
from PIL import Image
from scipy.io import savemat

from muscope.backend import catalogue
from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.files import prepare_file
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.recognition.formats import Format, refuse_unread
from muscope.backend.ingest.recognition.kinds import recognise
from tests.backend.ingest.sheets.workbooks import handmade, workbook

FRAME = pl.DataFrame({"a": [1, 2], "b": [datetime.date(2024, 1, 1)] * 2})


def written(write: Callable[[BytesIO], object]) -> bytes:
    file = BytesIO()
    write(file)
    return file.getvalue()


def archive(**members: str) -> bytes:
    def write(file):
        with zipfile.ZipFile(file, "w") as parts:
            for name, content in members.items():
                parts.writestr(name.replace("__", "/"), content)

    return written(write)


def picture(format_: str) -> bytes:
    return written(lambda file: Image.new("RGB", (4, 4)).save(file, format_))


def old_workbook() -> bytes:
    book = xlwt.Workbook()
    book.add_sheet("S").write(0, 0, 1)
    return written(book.save)


def sqlite(tmp_path: Path) -> bytes:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as database:
        database.execute("create table t (a)")
    database.close()
    return path.read_bytes()


def tar() -> bytes:
    def write(file):
        with tarfile.open(fileobj=file, mode="w") as parts:
            parts.addfile(tarfile.TarInfo("a.csv"))

    return written(write)


WRITTEN = {
    "xlsx": (workbook([[1]]), Format.XLSX),
    "strict xlsx": (handmade("", strict=True, separator="\\"), Format.XLSX),
    "damaged xlsx": (workbook([[1]])[:-200], Format.XLSX),
    "xls": (old_workbook(), Format.XLS),
    "ods": (archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"), Format.ODS),
    "odt": (archive(mimetype="application/vnd.oasis.opendocument.text"), Format.ODT),
    "docx": (archive(**{"[Content_Types].xml": "wordprocessingml.document"}), Format.DOCX),
    "pptx": (archive(**{"[Content_Types].xml": "presentationml.slideshow"}), Format.PPTX),
    "parquet": (written(FRAME.write_parquet), Format.PARQUET),
    "arrow": (written(FRAME.write_ipc), Format.ARROW),
    "arrow stream": (written(FRAME.write_ipc_stream), Format.ARROW_STREAM),
    "avro": (written(FRAME.write_avro), Format.AVRO),
    "json lines": (written(FRAME.write_ndjson), Format.JSON),
    "json array": (b'\xef\xbb\xbf \n[ {"a": 1}]', Format.JSON),
    "json of pandas": (json.dumps({"a": {"0": 1}}).encode(), Format.JSON),
    "json in utf-16": ('{"a": 1}'.encode("utf-16"), Format.JSON),
    "npy": (written(lambda file: np.save(file, np.arange(3))), Format.NPY),
    "npz": (written(lambda file: np.savez(file, x=np.arange(3))), Format.NPZ),
    "zip": (archive(cats__1="a"), Format.ZIP),
    "empty zip": (archive(), Format.ZIP),
    "torch": (archive(model__data__pkl="").replace(b"data/pkl", b"data.pkl"), Format.TORCH),
    "gzip": (gzip.compress(b"a,b\n"), Format.GZIP),
    "tar": (tar(), Format.TAR),
    "pickle": (pickle.dumps({"a": [1, 2]}), Format.PICKLE),
    "pickle of an array": (pickle.dumps(np.arange(3)), Format.PICKLE),
    "mat": (written(lambda file: savemat(file, {"x": np.arange(3)})), Format.MAT),
    "pdf": (b"%PDF-1.7\n", Format.PDF),
    "rtf": (b"{\\rtf1\\ansi a}", Format.RTF),
    "hdf5": (b"\x89HDF\r\n\x1a\n", Format.HDF5),
    **{kind: (picture(kind), Format(kind)) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF")},
    "webp": (picture("WEBP"), Format.WEBP),
    "html": (b"\n <!-- made by x -->\n<TABLE border=1><tr><td>1", Format.HTML),
    "html in utf-16": ("<html xmlns:x='urn'>".encode("utf-16"), Format.HTML),
    "xml of excel": (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
        Format.XML_WORKBOOK,
    ),
    "other xml": (b'<?xml version="1.0"?><rows/>', Format.XML),
    "mhtml": (b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x", Format.MHTML),
    "nothing": (b"", Format.EMPTY),
}
TEXTS = [
    b"a,b,label\n1,2,x\n",
    b"\xef\xbb\xbfa;b\n1;2\n",
    "名前,値\n".encode("cp932"),
    "a\tb\n".encode("utf-16"),
    "a,b\n".encode("utf-16-le"),
    b"[a],[b]\n1,2\n",
    b"{a},b\n1,2\n",
    b"BM,MZ,ID3\n1,2,3\n",
    b"PK,name\n1,x\n",
    b"<5,>3\n1,2\n",
    b"a,b\n<td>,1\n",
    b"Rar,x\n1,2\n",
]


@pytest.mark.parametrize(("content", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_the_format_is_told_by_the_content(content, expected, tmp_path):
    source = tmp_path / "data.csv"
    source.write_bytes(content)

    assert recognise(source) is expected


def test_a_database_is_one(tmp_path):
    source = tmp_path / "data.csv"
    source.write_bytes(sqlite(tmp_path))

    assert recognise(source) is Format.SQLITE


@pytest.mark.parametrize("content", TEXTS)
def test_a_text_that_begins_like_something_else_is_a_text(content, tmp_path):
    source = tmp_path / "data.xlsx"
    source.write_bytes(content)

    assert recognise(source) is Format.TEXT


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
@pytest.mark.parametrize("found", Format)
def test_what_is_not_read_is_named_with_a_way_out(found, language):
    try:
        refuse_unread(found)
    except MuscopeError as error:
        sentence = catalogue.text(f"error.{error.code}", language, **error.params)
        assert found is Format.EMPTY or str(found) in sentence


def test_a_pickle_is_refused_unopened(tmp_path):
    source = tmp_path / "data.pkl"
    source.write_bytes(pickle.dumps(FRAME.to_dicts()))

    with pytest.raises(MuscopeError) as raised:
        prepare_file(source, IngestOptions())

    assert (raised.value.code, raised.value.params) == ("dataset.export_as_frame", {"kind": "pickle"})
