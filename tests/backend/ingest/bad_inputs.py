"""Unusable files a user might upload, each with the one error it must give."""

from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.errors import Param
from muscope.backend.ingest.manifest import IngestOptions


@dataclass(frozen=True)
class BadInput:
    """The bytes, the error code, and the parameters the message must contain."""

    name: str
    content: bytes
    code: str
    params: Mapping[str, Param] = field(default_factory=dict)
    options: IngestOptions = field(default_factory=IngestOptions)


def rows(count: int, line: str = "{i},{half},{third}\n") -> str:
    return "".join(line.format(i=i, half=i / 2, third=i % 3) for i in range(count))


def table(body: str, header: str = "a,b,label\n") -> bytes:
    return (header + body).encode()


def workbook() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


def archive() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("cat/1.txt", "a")
    return file.getvalue()


def noise(seed: int = 0, size: int = 4096) -> bytes:
    return random.Random(seed).randbytes(size)


CLASSIFICATION = IngestOptions(task=Task.CLASSIFICATION)
REGRESSION = IngestOptions(task=Task.REGRESSION)
WORDS = "".join(f"{i},{i},name{i % 10_000}\n" for i in range(20_000))
WIDE = ",".join(f"c{i}" for i in range(10_001)) + "\n"

NOT_A_TABLE = [
    BadInput("nothing", b"", "dataset.empty_file"),
    BadInput("only line ends", b"\n\n\r\n", "dataset.empty_file"),
    BadInput("only a byte order mark", b"\xef\xbb\xbf", "dataset.empty_file"),
    BadInput("png", b"\x89PNG\r\n\x1a\n" + noise(), "dataset.not_a_table", {"kind": "PNG"}),
    BadInput("heic", b"\0\0\0\x18ftypheic" + noise(), "dataset.not_a_table", {"kind": "HEIC"}),
    BadInput("pdf", b"%PDF-1.7\n" + noise(), "dataset.is_document", {"kind": "PDF"}),
    BadInput("a short text in a zip", archive(), "dataset.text_too_short", {"count": 1}),
    BadInput("xlsx", workbook(), "dataset.workbook_damaged"),
    BadInput("xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise(), "dataset.workbook_damaged"),
    BadInput("random bytes with nul", b"\x01\0" + noise(), "dataset.binary_file"),
    BadInput("float32 numbers", struct.pack("<256f", *range(256)), "dataset.binary_file"),
    BadInput("bytes of no code page", bytes(range(128, 256)) * 20, "dataset.unknown_encoding"),
    BadInput(
        "a row that is not UTF-8",
        ("都市,a,b\n" + "東京,1,0\n" * 20).encode() + "東京,1,0\n".encode("cp932"),
        "dataset.bad_bytes",
        {"row": 22, "encoding": "UTF-8"},
    ),
    BadInput(
        "an unknown encoding",
        table(rows(20)),
        "dataset.unknown_encoding_name",
        {"given": "klingon"},
        IngestOptions(encoding="klingon"),
    ),
    BadInput(
        "bytes that are not the encoding given",
        "都市,a,b\n".encode("cp932") + table(rows(20)),
        "dataset.bad_bytes",
        {"row": 1, "encoding": "UTF-8"},
        IngestOptions(encoding="UTF-8"),
    ),
    BadInput("one long line", b"a" * (2 << 20), "dataset.line_too_long", {"row": 1, "limit": 1 << 20}),
]
HEADER = [
    BadInput("header only", b"a,b,label\n", "dataset.header_only"),
    BadInput(
        "too many columns", WIDE.encode(), "dataset.too_many_columns", {"count": 10_001, "limit": 10_000}
    ),
    BadInput("one column", b"label\n1\n2\n", "dataset.one_column", {"column": "label"}),
    BadInput(
        "a header beyond the file",
        table(rows(20)),
        "dataset.no_such_header",
        {"row": 99},
        IngestOptions(header=99),
    ),
    BadInput(
        "commas read as tabs",
        table(rows(20)),
        "dataset.wrong_delimiter",
        {"given": r"\t", "found": ","},
        IngestOptions(delimiter="\t"),
    ),
]
ROWS = [
    BadInput("one row", table("1,2,0\n"), "dataset.too_few_rows", {"count": 1, "minimum": 10}),
    BadInput("nine rows", table(rows(9)), "dataset.too_few_rows", {"count": 9, "minimum": 10}),
    BadInput(
        "short row",
        table(rows(20) + "7,8\n"),
        "dataset.ragged_row",
        {"row": 22, "expected": 3, "given": 2},
    ),
    BadInput(
        "long row after an empty line and a quoted line end",
        table('1,"x\ny",0\n\n1,2,3,4\n'),
        "dataset.ragged_row",
        {"row": 4, "expected": 3, "given": 4},
    ),
    BadInput("unclosed quote", table(rows(20) + '7,"8,0\n'), "dataset.unclosed_quote", {"row": 22}),
    BadInput(
        "unclosed quote in a long file",
        table('7,"8,0\n' + rows(80_000)),
        "dataset.unclosed_quote",
        {"row": 2},
    ),
]
LABEL = [
    BadInput(
        "unknown label",
        table(rows(20)),
        "dataset.unknown_label",
        {"label": "z", "columns": "a, b, label"},
        IngestOptions(label="z"),
    ),
    BadInput(
        "one class only",
        table(rows(20, "{i},{half},ok\n")),
        "dataset.one_class",
        {"column": "label", "value": "ok"},
    ),
    BadInput(
        "10,000 texts as classes",
        table(WORDS),
        "dataset.too_many_classes",
        {"column": "label", "count": 10_000, "limit": 1000},
    ),
    BadInput(
        "decimals as classes",
        table(rows(200, "1,{i},{half}\n")),
        "dataset.label_is_continuous",
        {"column": "label", "count": 200, "limit": 100},
        CLASSIFICATION,
    ),
    BadInput(
        "a serial number as classes",
        table(rows(50, "1,{i},no{i}\n")),
        "dataset.label_looks_like_id",
        {"column": "label", "count": 50, "rows": 50},
    ),
    BadInput(
        "regression on words",
        table(rows(20, "{i},1,ok\n")),
        "dataset.label_not_a_number",
        {"column": "label", "row": 2, "value": "ok"},
        REGRESSION,
    ),
    BadInput(
        "regression on a constant",
        table(rows(20, "{i},1,7\n")),
        "dataset.constant_label",
        {"column": "label", "value": "7"},
        REGRESSION,
    ),
    BadInput(
        "label missing everywhere",
        table(rows(20, "{i},1,NaN\n")),
        "dataset.label_all_missing",
        {"column": "label"},
    ),
    BadInput(
        "label missing nearly everywhere",
        table(rows(20, "{i},1,\n") + rows(5)),
        "dataset.too_few_rows",
        {"count": 5, "minimum": 10},
    ),
    BadInput(
        "features missing everywhere",
        table(rows(20, "NaN,-,{third}\n")),
        "dataset.no_features",
        {"count": 2},
    ),
    BadInput("constant features", table(rows(20, "1,x,{third}\n")), "dataset.no_features", {"count": 2}),
    BadInput("only an id column", table(rows(200, "id{i},x,{third}\n")), "dataset.no_features", {"count": 2}),
]
BAD_INPUTS = [*NOT_A_TABLE, *HEADER, *ROWS, *LABEL]
