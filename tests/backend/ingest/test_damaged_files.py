"""Files with changed, lost and repeated bytes: they are read, or refused with one sentence."""

from __future__ import annotations

import json
import random
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlwt

from muscope.backend import catalogue
from muscope.backend.catalogue import LANGUAGES
from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.frames.frames import read_frame
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.recognition.formats import FRAMES, refuse_unread
from muscope.backend.ingest.recognition.kinds import recognise
from muscope.backend.ingest.sheets.sheets import SHEETS, read_sheet
from tests.backend.ingest.sheets.workbooks import handmade, workbook

FRAME = pl.DataFrame(
    {"a": range(50), "b": [f"text {i}" for i in range(50)], "c": [i * 0.5 for i in range(50)]}
)
ROWS: list[list[Any]] = [["a", "b", "c"], *([i, f"text {i}", i * 0.5] for i in range(50))]
TABLE = "".join(f"<tr>{''.join(f'<td>{value}</td>' for value in row)}</tr>" for row in ROWS)


def written(method: str) -> bytes:
    file = BytesIO()
    getattr(FRAME, method)(file)
    return file.getvalue()


def unpacked(content: bytes) -> bytes:
    """Return the archive without compression, so that changed bytes reach the parsers behind it."""
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return file.getvalue()


def old_workbook() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("S")
    for place, row in enumerate(ROWS):
        for column, value in enumerate(row):
            sheet.write(place, column, value)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


FILES = {
    "xlsx": workbook(ROWS),
    "unpacked xlsx": unpacked(workbook(ROWS)),
    "xls": old_workbook(),
    "html": f"<html><table>{TABLE}</table></html>".encode(),
    "json array": json.dumps(FRAME.to_dicts(), indent=1).encode(),
    "json lines": written("write_ndjson"),
    "parquet": written("write_parquet"),
    "arrow": written("write_ipc"),
    "arrow stream": written("write_ipc_stream"),
}


def damaged(content: bytes, draw: random.Random) -> bytes:
    """Return the content with a few bytes changed, a stretch lost or repeated, or its end cut off."""
    result = bytearray(content)
    place = draw.randrange(len(result))
    match draw.randrange(4):
        case 0:
            for _ in range(draw.randint(1, 8)):
                result[draw.randrange(len(result))] = draw.randrange(256)
        case 1:
            del result[place : place + draw.randint(1, 40)]
        case 2:
            result[place:place] = result[place : place + draw.randint(1, 40)]
        case 3:
            del result[place:]
    return bytes(result)


def read_or_refuse(source: Path) -> str:
    try:
        found = recognise(source)
        refuse_unread(found)
        if found in FRAMES:
            assert read_frame(source, found, IngestOptions()).num_rows > 0
        elif found in SHEETS:
            assert all(record.row > 0 for record in read_sheet(source, found, IngestOptions()).records)
        else:
            return "other"
    except MuscopeError as error:
        sentences = [
            catalogue.text(f"error.{error.code}", language, **error.params) for language in LANGUAGES
        ]
        return "refused" if all(sentences) else "without a sentence"
    return "read"


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_or_refused(name, tmp_path):
    draw = random.Random(f"damage of {name}")
    source = tmp_path / "upload"
    outcomes = set()

    for _ in range(80):
        source.write_bytes(damaged(FILES[name], draw))
        outcomes.add(read_or_refuse(source))

    assert outcomes <= {"read", "refused", "other"}
    source.write_bytes(FILES[name])
    assert read_or_refuse(source) == "read"


def test_damaged_xml_of_a_sheet_is_read_or_refused(tmp_path):
    draw = random.Random(8)
    texts, results = '<c r="A{0}" t="inlineStr"><is><t>x</t></is></c>', '<c r="B{0}"><f>A1</f><v>{0}</v></c>'
    rows = "".join(f'<row r="{{0}}">{texts}{results}</row>'.format(number) for number in range(1, 9))
    source = tmp_path / "upload"
    outcomes = []

    for _ in range(200):
        source.write_bytes(handmade(damaged(rows.encode(), draw).decode("latin-1")))
        outcomes.append(read_or_refuse(source))

    assert {"read", "refused"} == set(outcomes)
