"""Files that damage and malice make: changed bytes of every kind that is read, and attacks by hand."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import random
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import openpyxl
import polars as pl
from PIL import Image

NAMES = ("幅", "colour", "price")
_ROWS = [(i, "赤青緑"[i % 3], 100 + 7 * i % 40) for i in range(60)]
_PIXELS = np.random.default_rng(0).integers(0, 255, (30, 8, 8)).astype(np.uint8)
_CODES = np.arange(30) % 3
_MIB = 1 << 20


def hostile_files(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield the attacks, then files with changed bytes, `count` in all: a name and the content."""
    attacks = list(_attacks())[:count]
    yield from attacks
    rng = random.Random(seed)
    sound = list(sound_files().items())
    for number in range(count - len(attacks)):
        name, content = sound[number % len(sound)]
        yield name, changed(content, rng)


def changed(content: bytes, rng: random.Random) -> bytes:
    """Return the content with one to six runs of bytes replaced, removed, repeated, or cut off at the end."""
    result = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        place, length = rng.randrange(len(result) + 1), rng.choice((1, 1, 2, 4, 16, 256))
        part = bytes(result[place : place + length])
        new = rng.choice((rng.randbytes(length), b"", part * 3, b"\xff" * length, b"\0" * length))
        result[place : place + length] = new
    return bytes(result[: rng.randrange(len(result) + 1)]) if rng.random() < 0.15 else bytes(result)


def sound_files() -> dict[str, bytes]:
    """Return one file of every kind, by its name."""
    frame = pl.DataFrame(_ROWS, schema=NAMES, orient="row")
    text = frame.write_csv()
    return {
        "table.csv": text.encode(),
        "table_cp932.csv": text.encode("cp932"),
        "table_utf16.txt": text.replace(",", "\t").encode("utf-16"),
        "table.csv.gz": gzip.compress(text.encode()),
        "table.zip": zipped({"表.csv": text.encode()}),
        "book.xlsx": _workbook(),
        "table.parquet": _written(frame.write_parquet),
        "table.arrow": _written(frame.write_ipc),
        "table.json": json.dumps(frame.to_dicts()).encode(),
        "table.jsonl": _written(frame.write_ndjson),
        "arrays.npz": _arrays(),
        "array.npy": _saved(np.column_stack([_PIXELS[:, 0], _CODES])),
        "pictures.zip": zipped({f"{'ab'[i % 2]}/{i}.png": _picture(i) for i in range(30)}),
        "words.txt": ("吾輩は猫である。名前はまだ無い。\n" * 200).encode(),
        "table.html": f"<html><table>{_markup()}</table></html>".encode(),
    }


def _attacks() -> Iterator[tuple[str, bytes]]:
    text = ",".join(NAMES) + "\n" + "".join(f"{a},{b},{c}\n" for a, b, c in _ROWS)
    zeros = bytes(64 * _MIB)
    bomb = zipped({"table.csv": zeros})
    yield "bomb.zip", bomb
    yield "bomb.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * (32 * _MIB))
    yield "bombs.zip", zipped({f"{i}.zip": bomb for i in range(50)})
    nested = text.encode()
    for level in range(12):
        nested = zipped({f"{level}.zip": nested})
    yield "nested.zip", nested
    yield "traversal.zip", zipped({"../../../etc/passwd": text.encode(), "/tmp/x.csv": text.encode()})
    yield "link.zip", _with_link()
    yield "many.zip", zipped({f"{i}.csv": b"a" for i in range(20_000)})
    yield "pickled.npz", zipped({"x.npy": _pickled(), "y.npy": _saved(_CODES)})
    yield "model.pkl", pickle.dumps({"a": list(range(100))})
    yield "huge.npy", _announcing((1 << 40, 1 << 20))
    yield "huge.npz", zipped({"x.npy": _announcing((1 << 40,)), "y.npy": _saved(_CODES)})
    yield "huge_pictures.zip", zipped({f"{'ab'[i % 2]}/{i}.png": _huge_png() for i in range(4)})
    yield "deep.json", b"[" * 200_000
    yield "deep_object.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "laughs.xlsx", _laughing_workbook()
    yield "quadratic.html", b"<table>" + b"<td colspan=1000 rowspan=1000>" * 2000
    yield "wide.csv", b",".join(b"c%d" % i for i in range(200_000)) + b"\n" + b"1," * 200_000
    yield "one_line.csv", b"x" * (40 * _MIB)
    yield "quotes.csv", b'a,b\n"' + b"x,\n" * (4 * _MIB)
    yield "nul.csv", text.encode() + b"\0" * _MIB
    yield "numbers.csv", b"a,b\n" + b"9" * _MIB + b",1\n" * 20
    yield "names.csv", ("=cmd|' /C calc'!A0,<script>alert(1)</script>,b\n" + "1,2,3\n" * 40).encode()
    yield "parquet_header.parquet", b"PAR1" + b"\xff" * 400 + struct.pack("<I", 1 << 31) + b"PAR1"


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a ZIP of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def _with_link() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("table.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return file.getvalue()


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (NAMES, *_ROWS):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _laughing_workbook() -> bytes:
    """Return a workbook whose strings are entities of entities, a gigabyte if they were expanded."""
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "lol"}">' for i in range(10))
    members = {}
    with zipfile.ZipFile(io.BytesIO(_workbook())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    strings = f'<?xml version="1.0"?><!DOCTYPE sst [{entities}]><sst><si><t>&a9;</t></si></sst>'
    return zipped(members | {"xl/sharedStrings.xml": strings.encode()})


def _arrays() -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, x=_PIXELS, y=_CODES)
    return file.getvalue()


def _saved(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _pickled() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}] * 30, dtype=object), allow_pickle=True)
    return file.getvalue()


def _announcing(shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    header = {"shape": shape, "fortran_order": False, "descr": "|u1"}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue()


def _picture(place: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(_PIXELS[place]).save(file, "PNG")
    return file.getvalue()


def _huge_png() -> bytes:
    """Return a picture whose header announces 60,000 by 60,000 points."""
    content = bytearray(_picture(0))
    content[16:24] = struct.pack(">II", 60_000, 60_000)
    return bytes(content)


def _markup() -> str:
    return "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in (NAMES, *_ROWS))


def _written(write: Any) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()
