"""Recognises the format of a file by its content, never by the ending of its name.

Signatures are those in each format's own description; what has none is text, or is found not to be later.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import BinaryIO, NamedTuple

from muscope.backend.ingest.foreign import ZIP_ERRORS
from muscope.backend.ingest.recognition.compound_file import MAGIC, CompoundFile
from muscope.backend.ingest.recognition.formats import Format

_HEAD_BYTES = 8192
_MOST_TYPES_BYTES = 1 << 20


class _Signature(NamedTuple):
    content: bytes
    format: Format
    offset: int = 0


_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SIGNATURES = (
    _Signature(b"PAR1", Format.PARQUET),
    _Signature(b"PARE", Format.PARQUET),
    _Signature(b"ARROW1\0\0", Format.ARROW),
    _Signature(b"\xff\xff\xff\xff", Format.ARROW_STREAM),
    _Signature(b"FEA1", Format.FEATHER_1),
    _Signature(b"ORC\n", Format.ORC),
    _Signature(b"Obj\x01", Format.AVRO),
    _Signature(b"\x93NUMPY", Format.NPY),
    _Signature(b"\x1f\x8b", Format.GZIP),
    _Signature(b"\x89PNG", Format.PNG),
    _Signature(b"\xff\xd8\xff", Format.JPEG),
    _Signature(b"GIF8", Format.GIF),
    _Signature(b"II*\0", Format.TIFF),
    _Signature(b"MM\0*", Format.TIFF),
    _Signature(b"WEBP", Format.WEBP, 8),
    _Signature(b"ftyphei", Format.HEIC, 4),
    _Signature(b"ftypmif", Format.HEIC, 4),
    _Signature(b"ftypavif", Format.HEIC, 4),
    _Signature(b"ftyp", Format.MEDIA, 4),
    _Signature(b"WAVEfmt", Format.MEDIA, 8),
    _Signature(b"AVI LIST", Format.MEDIA, 8),
    _Signature(b"OggS\0", Format.MEDIA),
    _Signature(b"%PDF", Format.PDF),
    _Signature(b"{\\rtf", Format.RTF),
    _Signature(b"MATLAB 5.0 MAT-file", Format.MAT),
    _Signature(b"MATLAB 7.3 MAT-file", Format.MAT),
    _Signature(b"\x89HDF", Format.HDF5),
    _Signature(b"SQLite format 3\0", Format.SQLITE),
    _Signature(b"Standard Jet DB", Format.ACCESS, 4),
    _Signature(b"Standard ACE DB", Format.ACCESS, 4),
    _Signature(b"RDX2\n", Format.RDATA),
    _Signature(b"RDX3\n", Format.RDATA),
    _Signature(b"\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92", Format.SAS, 12),
    _Signature(b"HEADER RECORD*******LIB", Format.SAS),
    _Signature(b"$FL2", Format.SPSS),
    _Signature(b"$FL3", Format.SPSS),
    _Signature(b"<stata_dta>", Format.STATA),
    _Signature(b"7z\xbc\xaf\x27\x1c", Format.SEVEN_ZIP),
    _Signature(b"Rar!\x1a\x07", Format.RAR),
    _Signature(b"ustar", Format.TAR, 257),
    _Signature(b"\xfd7zXZ\0", Format.XZ),
    _Signature(b"\x28\xb5\x2f\xfd", Format.ZSTD),
    _Signature(b"\x1f\x9d", Format.COMPRESS),
    _Signature(b"\x7fELF", Format.PROGRAM),
)
# Formats whose first bytes may also begin a text, so that more of the file has to fit.
_PATTERNS = (
    (re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL), Format.BMP),
    (re.compile(rb"BZh[1-9]1AY&SY"), Format.BZIP2),
    (re.compile(rb"\x80[\x02-\x05][\x95\x8a}\](KXc]"), Format.PICKLE),
    (re.compile(rb"[\x71-\x73][\x01\x02]\x01\0"), Format.STATA),
    (re.compile(rb"\x09[\0\x02\x04][\x04\x06]\0"), Format.OLD_XLS),
    (re.compile(rb"MZ.{0,120}\0\0\0", re.DOTALL), Format.PROGRAM),
    (re.compile(rb"ID3[\x02-\x04]\0"), Format.MEDIA),
)
_HTML = re.compile(r"(?:<!--.*?-->\s*)*<(?:!doctype html|(?:html|head|meta|body|style|table)\b)", re.DOTALL)
_MHTML = re.compile(r"mime-version:.*multipart/related", re.DOTALL)
_JSON = re.compile(r'\{\s*["}]|\[\s*[{\[\]]')
_BINARY = ("utf-16-le", "utf-16-be")
_STREAMS = (
    ("EncryptedPackage", Format.ENCRYPTED),
    ("WordDocument", Format.DOCX),
    ("PowerPoint Document", Format.PPTX),
)
_CONTENT_TYPES = (
    (b"ms-excel.sheet.binary", Format.XLSB),
    (b"spreadsheetml", Format.XLSX),
    (b"ms-excel", Format.XLSX),
    (b"wordprocessingml", Format.DOCX),
    (b"presentationml", Format.PPTX),
)
_MIME_TYPES = (
    (b"application/vnd.oasis.opendocument.spreadsheet", Format.ODS),
    (b"application/vnd.oasis.opendocument", Format.ODT),
)


def recognise(path: Path) -> Format:
    """Return the format of the file at `path`; `TEXT` where nothing speaks for another one."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if not head:
            return Format.EMPTY
        if head.startswith(_ZIP):
            return _in_zip(file, head)
        if head.startswith(MAGIC):
            return _in_compound_file(file)
    return _by_signature(head) or _by_markup(_as_text(head))


def _by_signature(head: bytes) -> Format | None:
    for content, found, offset in _SIGNATURES:
        if head.startswith(content, offset):
            return found
    return next((found for pattern, found in _PATTERNS if pattern.match(head)), None)


def _by_markup(text: str) -> Format:
    start = text.lstrip("\ufeff \t\r\n")
    lower = start.lower()
    if start.startswith("<?xml"):
        if "urn:schemas-microsoft-com:office:spreadsheet" in lower:
            return Format.XML_WORKBOOK
        return Format.HTML if "<html" in lower else Format.XML
    if _HTML.match(lower):
        return Format.HTML
    if _MHTML.match(lower):
        return Format.MHTML
    return Format.JSON if _JSON.match(start) else Format.TEXT


def _as_text(head: bytes) -> str:
    """Return the characters of the head as far as markup needs them: ASCII, in bytes or in UTF-16."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="replace")
    for encoding, place in zip(_BINARY, (1, 0), strict=True):
        if len(head) >= 4 and not head[place] and not head[place + 2]:
            return head.decode(encoding, errors="replace")
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def _in_zip(file: BinaryIO, head: bytes) -> Format:
    try:
        with zipfile.ZipFile(file) as archive:
            return _by_members(archive)
    except ZIP_ERRORS:  # its directory is damaged: the first members still tell
        is_workbook = b"[Content_Types].xml" in head or b"xl/" in head
        return Format.XLSX if is_workbook else Format.ZIP


def _by_members(archive: zipfile.ZipFile) -> Format:
    members = {name.replace("\\", "/").lower(): name for name in archive.namelist()}
    if "[content_types].xml" in members:
        return _by_content(archive, members["[content_types].xml"], _CONTENT_TYPES, _by_folder(members))
    if "mimetype" in members:
        return _by_content(archive, members["mimetype"], _MIME_TYPES, Format.ZIP)
    if any(name.endswith("/data.pkl") for name in members):
        return Format.TORCH
    if any(name.startswith("index/") and name.endswith(".iwa") for name in members):
        return Format.NUMBERS
    return Format.NPZ if members and all(name.endswith(".npy") for name in members) else Format.ZIP


def _by_folder(members: dict[str, str]) -> Format:
    return Format.XLSX if any(name.startswith("xl/") for name in members) else Format.ZIP


def _by_content(
    archive: zipfile.ZipFile, name: str, table: tuple[tuple[bytes, Format], ...], otherwise: Format
) -> Format:
    with archive.open(name) as member:
        content = member.read(_MOST_TYPES_BYTES)
    return next((found for part, found in table if part in content), otherwise)


def _in_compound_file(file: BinaryIO) -> Format:
    """Return the format of a compound file by its streams; a damaged one counts as a workbook."""
    try:
        names = {entry.name for entry in CompoundFile(file).entries()}
    except ValueError:
        return Format.XLS
    return next((found for stream, found in _STREAMS if stream in names), Format.XLS)
