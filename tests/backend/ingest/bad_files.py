"""Unusable texts and archives of images, each with the one error it must give."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

import numpy as np
from numpy.lib import format as npy

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.ingest.manifest import IngestOptions
from tests.backend.ingest.bad_inputs import BadInput, archive, noise, rows, table, workbook

TEXT = IngestOptions(kind="text")
IMAGES = IngestOptions(kind="images")
CODES = np.arange(30) % 3


def npz(**arrays: Any) -> bytes:
    file = BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def pixels(*shape: int, dtype: type = np.uint8) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).integers(0, 255, shape or (30, 6, 5)).astype(dtype)


def with_value(value: float) -> np.ndarray[Any, Any]:
    x = pixels(30, 6, 5, 1, dtype=np.float32)
    x[7, 2, 4] = value
    return x


def cut_off() -> bytes:
    """Return an archive whose images end before their header says so."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as parts, zipfile.ZipFile(BytesIO(npz(x=pixels(), y=CODES))) as whole:
        parts.writestr("x.npy", whole.read("x.npy")[:-10])
        parts.writestr("y.npy", whole.read("y.npy"))
    return file.getvalue()


def announcing(shape: tuple[int, ...]) -> bytes:
    """Return an archive whose header alone gives the size of its images."""
    header, file = BytesIO(), BytesIO()
    npy.write_array_header_1_0(header, {"shape": shape, "fortran_order": False, "descr": "|u1"})
    with (
        zipfile.ZipFile(file, "w") as parts,
        zipfile.ZipFile(BytesIO(npz(x=0, y=np.arange(shape[0])))) as labels,
    ):
        parts.writestr("x.npy", header.getvalue())
        parts.writestr("y.npy", labels.read("y.npy"))
    return file.getvalue()


BAD_TEXTS = [
    BadInput("no text", b"", "dataset.empty_file", options=TEXT),
    BadInput("blank text", b" \r\n\t" * 999, "dataset.blank_text", options=TEXT),
    BadInput(
        "a sentence", "短い文です。".encode(), "dataset.text_too_short", {"count": 18, "minimum": 2048}, TEXT
    ),
    BadInput("one byte again and again", b"a" * 5000, "dataset.constant_text", {"byte": 97}, TEXT),
    BadInput(
        "a picture as text", b"\x89PNG\r\n\x1a\n" + noise(), "dataset.not_a_text", {"kind": "PNG"}, TEXT
    ),
    BadInput("a workbook as text", workbook(), "dataset.not_a_text", {"kind": "Excel (.xlsx)"}, TEXT),
    BadInput("a pdf as text", b"%PDF-1.7\n" + noise(), "dataset.is_document", {"kind": "PDF"}, TEXT),
    BadInput("random bytes as text", b"\x01\0" + noise(), "dataset.binary_file", options=TEXT),
    BadInput(
        "bytes of no code page as text", bytes(range(128, 256)) * 20, "dataset.unknown_encoding", options=TEXT
    ),
    BadInput(
        "text with a label",
        b"words " * 999,
        "dataset.label_not_for_kind",
        {"label": "y", "kind": "text"},
        IngestOptions(kind="text", label="y"),
    ),
    BadInput(
        "text as classification",
        b"words " * 999,
        "dataset.task_not_for_kind",
        {"task": "classification", "kind": "text", "expected": "language_modelling"},
        IngestOptions(kind="text", task=Task.CLASSIFICATION),
    ),
    BadInput(
        "a table as language modelling",
        table(rows(20)),
        "dataset.task_not_for_kind",
        {"task": "language_modelling", "kind": "table", "expected": "classification, regression"},
        IngestOptions(kind="table", task=Task.LANGUAGE_MODELLING),
    ),
]
BAD_IMAGES = [
    BadInput("no archive", b"", "dataset.empty_file", options=IMAGES),
    BadInput("a table as images", table(rows(20)), "dataset.not_images", options=IMAGES),
    BadInput("a folder of files", archive(), "dataset.archive_no_data", {"found": ".txt (1)"}, IMAGES),
    BadInput(
        "no labels",
        npz(x=pixels(), weights=np.ones(7)),
        "dataset.npz_members",
        {"found": "x (30×6×5), weights (7)"},
    ),
    BadInput(
        "two arrays that may be labels",
        npz(x=pixels(), fold=CODES, group=CODES),
        "dataset.npz_members",
        {"found": "x (30×6×5), fold (30), group (30)"},
    ),
    BadInput(
        "an array that is not there",
        npz(x=pixels(), y=CODES),
        "dataset.unknown_array",
        {"name": "z", "found": "x (30×6×5), y (30)"},
        IngestOptions(x="z"),
    ),
    BadInput("one array of images", npz(a=pixels()), "dataset.array_without_labels", {"given": "30×6×5"}),
    BadInput("images cut off", cut_off(), "dataset.npz_damaged", {"name": "x"}),
    BadInput("objects", npz(x=pixels().astype(object), y=CODES), "dataset.pickled_array", {"name": "x"}),
    BadInput(
        "objects as labels",
        npz(x=pixels(), y=np.array(["cat"] * 30, object)),
        "dataset.pickled_array",
        {"name": "y"},
    ),
    BadInput(
        "complex images",
        npz(x=pixels() * 1j, y=CODES),
        "dataset.array_dtype",
        {"name": "x", "given": "complex128"},
    ),
    BadInput(
        "times as labels",
        npz(x=pixels(), y=np.arange(30).astype("M8[s]")),
        "dataset.array_dtype",
        {"name": "y", "given": "datetime64[s]"},
    ),
    BadInput(
        "flat images of no square",
        npz(x=pixels(30, 60), y=CODES),
        "dataset.image_shape",
        {"given": "30×60"},
        IMAGES,
    ),
    BadInput("a single number", npz(x=np.float32(1), y=CODES), "dataset.array_is_empty", {"given": "–"}),
    BadInput("no rows", npz(x=pixels(30, 0, 5), y=CODES), "dataset.image_shape", {"given": "30×0×5"}),
    BadInput(
        "many channels",
        npz(x=pixels(30, 6, 5, 20), y=CODES),
        "dataset.too_many_channels",
        {"count": 20, "limit": 16},
    ),
    BadInput(
        "nine images",
        npz(x=pixels(9, 6, 5), y=CODES[:9]),
        "dataset.too_few_images",
        {"count": 9, "minimum": 10},
    ),
    BadInput(
        "photographs",
        announcing((10, 480, 640, 3)),
        "dataset.image_too_large",
        {"given": "10×480×640×3", "limit": 49152},
    ),
    BadInput(
        "too many images",
        announcing((5000, 128, 128, 3)),
        "dataset.too_many_pixels",
        {"given": "5000×128×128×3", "limit": 200_000_000},
    ),
    BadInput(
        "labels with decimals",
        npz(x=pixels(), y=CODES / 2),
        "dataset.image_label_fraction",
        {"name": "y", "value": "0.5"},
    ),
    BadInput(
        "several labels an image",
        npz(x=pixels(), y=np.ones((30, 3), int)),
        "dataset.image_label_shape",
        {"name": "y", "given": "30×3"},
    ),
    BadInput(
        "validation of another size",
        npz(x_train=pixels(), y_train=CODES, x_test=pixels(30, 7, 5), y_test=CODES),
        "dataset.array_forms_differ",
        {"given": "30×6×5", "other": "30×7×5"},
    ),
    BadInput(
        "arrays split by time",
        npz(x=pixels(), y=CODES),
        "dataset.split_needs_columns",
        {"given": "time:x"},
        IngestOptions(split="time:x"),
    ),
    BadInput(
        "arrays as text",
        npz(x=pixels(), y=CODES),
        "dataset.archive_no_data",
        {"found": ".npy (2)"},
        TEXT,
    ),
    BadInput(
        "a label too few",
        npz(x=pixels(), y=CODES[1:]),
        "dataset.image_label_count",
        {"images": 30, "labels": 29},
    ),
    BadInput(
        "one class of images",
        npz(x=pixels(), y=CODES * 0),
        "dataset.one_class",
        {"column": "y", "value": "0"},
    ),
    BadInput(
        "a class per image",
        npz(x=pixels(), y=np.arange(30)),
        "dataset.label_looks_like_id",
        {"count": 30, "rows": 30},
    ),
    BadInput(
        "not a number",
        npz(x=with_value(np.nan), y=CODES),
        "dataset.pixel_value",
        {"image": 7, "row": 2, "column": 4, "value": "nan"},
    ),
    BadInput(
        "a huge number",
        npz(x=with_value(3e9), y=CODES),
        "dataset.pixel_value",
        {"image": 7, "value": "3000000000.0"},
    ),
    BadInput("white images", npz(x=pixels() * 0 + 255, y=CODES), "dataset.constant_images", {"value": "255"}),
    BadInput(
        "a column that an array does not have",
        npz(values=np.arange(90.0).reshape(30, 3)),
        "dataset.unknown_array_column",
        {"label": "b", "first": "values[0]", "last": "values[2]"},
        IngestOptions(label="b"),
    ),
    BadInput(
        "images with a label",
        npz(x=pixels(), y=CODES),
        "dataset.label_not_for_kind",
        {"label": "z", "kind": "images"},
        IngestOptions(label="z"),
    ),
    BadInput(
        "images as regression",
        npz(x=pixels(), y=CODES),
        "dataset.task_not_for_kind",
        {"task": "regression", "kind": "images", "expected": "classification"},
        IngestOptions(task=Task.REGRESSION),
    ),
]
BAD_FILES = [*BAD_TEXTS, *BAD_IMAGES]
