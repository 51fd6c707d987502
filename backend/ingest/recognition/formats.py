"""Formats of files, and the way out for those that are not read."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from muscope.backend.errors import InvalidInput, UnsupportedMedia


class Format(StrEnum):
    """Format of a file, by the name its users know."""

    EMPTY = "empty"
    TEXT = "text"
    XLSX = "Excel (.xlsx)"
    XLSB = "Excel (.xlsb)"
    XLS = "Excel (.xls)"
    ODS = "OpenDocument (.ods)"
    XML_WORKBOOK = "Excel XML"
    HTML = "HTML"
    PARQUET = "Parquet"
    ARROW = "Arrow"
    ARROW_STREAM = "Arrow stream"
    JSON = "JSON"
    NPY = "NPY"
    NPZ = "NPZ"
    ZIP = "ZIP"
    GZIP = "gzip"
    PNG = "PNG"
    JPEG = "JPEG"
    GIF = "GIF"
    BMP = "BMP"
    TIFF = "TIFF"
    WEBP = "WebP"
    HEIC = "HEIC"
    ENCRYPTED = "encrypted Office"
    OLD_XLS = "Excel 4"
    FEATHER_1 = "Feather V1"
    ORC = "ORC"
    AVRO = "Avro"
    NUMBERS = "Numbers"
    PDF = "PDF"
    DOCX = "Word"
    PPTX = "PowerPoint"
    ODT = "OpenDocument (text)"
    RTF = "RTF"
    MHTML = "MHTML"
    XML = "XML"
    HDF5 = "HDF5"
    MAT = "MATLAB"
    PICKLE = "pickle"
    TORCH = "PyTorch"
    RDATA = "R data"
    SAS = "SAS"
    SPSS = "SPSS"
    STATA = "Stata"
    SQLITE = "SQLite"
    ACCESS = "Access"
    SEVEN_ZIP = "7z"
    RAR = "RAR"
    TAR = "tar"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTD = "Zstandard"
    COMPRESS = "compress (.Z)"
    MEDIA = "audio or video"
    PROGRAM = "program"


# The way out for each kind that is not read: one sentence of the catalogue for each.
_WAYS_OUT: dict[str, tuple[Format, ...]] = {
    "dataset.is_encrypted": (Format.ENCRYPTED,),
    "dataset.save_as_workbook": (Format.OLD_XLS, Format.NUMBERS, Format.MHTML, Format.XML),
    "dataset.is_document": (Format.PDF, Format.DOCX, Format.PPTX, Format.ODT, Format.RTF),
    "dataset.export_as_frame": (
        Format.FEATHER_1, Format.ORC, Format.AVRO, Format.HDF5, Format.MAT, Format.PICKLE, Format.TORCH,
    ),
    "dataset.export_as_csv": (
        Format.RDATA, Format.SAS, Format.SPSS, Format.STATA, Format.SQLITE, Format.ACCESS,
    ),
    "dataset.unpack_first": (
        Format.SEVEN_ZIP, Format.RAR, Format.TAR, Format.BZIP2, Format.XZ, Format.ZSTD, Format.COMPRESS,
    ),
}  # fmt: skip
_CODES = {format_: code for code, formats in _WAYS_OUT.items() for format_ in formats}
WORKBOOKS = frozenset({Format.XLSX, Format.XLSB, Format.XLS, Format.ODS})
MARKED_UP = frozenset({Format.HTML, Format.XML_WORKBOOK})
FRAMES = frozenset({Format.PARQUET, Format.ARROW, Format.ARROW_STREAM, Format.JSON})
PICTURES = frozenset({Format.PNG, Format.JPEG, Format.GIF, Format.BMP, Format.TIFF, Format.WEBP, Format.HEIC})
_NO_TABLE = PICTURES | {Format.NPY, Format.NPZ, Format.ZIP, Format.GZIP, Format.MEDIA, Format.PROGRAM}
_NO_TEXT = _NO_TABLE | WORKBOOKS | {Format.PARQUET, Format.ARROW, Format.ARROW_STREAM}


def refuse_unread(found: Format) -> None:
    """Raise for a format that nobody reads here, naming it and the way out; return for all others."""
    if found is Format.EMPTY:
        raise InvalidInput("dataset.empty_file")
    if found in _CODES:
        raise UnsupportedMedia(_CODES[found], kind=str(found))


def refuse_other(found: Format, expected: Literal["table", "text"]) -> None:
    """Raise for a format that holds no table, or no text, naming it."""
    if found in (_NO_TABLE if expected == "table" else _NO_TEXT):
        raise UnsupportedMedia(f"dataset.not_a_{expected}", kind=str(found))
