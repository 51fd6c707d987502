"""Finds the encoding of a text file from the whole file; refuses files that are no text."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from muscope.backend.errors import InvalidInput, UnsupportedMedia

_PIECE_BYTES = 1 << 20
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# First bytes of what people upload by mistake. Not a defence: whatever passes must still decode and parse.
_KINDS = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"%PDF", "PDF"),
    (b"PAR1", "Parquet"),
    (b"\x1f\x8b", "gzip"),
    (b"\x93NUMPY", "NPY"),
    (b"\x89HDF", "HDF5"),
    (b"PK\x03\x04", "ZIP"),
)
# Text, but no table.
_TEXT_KINDS = (
    (b"{\\rtf", "RTF"),
    (b"<!DOCTYPE", "HTML"),
    (b"<html", "HTML"),
    (b"<?xml", "XML"),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_MEMBERS = (b"[Content_Types].xml", b"xl/", b"_rels/")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file known to decode as `encoding` from end to end."""

    path: Path
    encoding: str
    sha256: str


def examine(path: Path, *, expected: Literal["table", "text"] = "table") -> TextFile:
    """Return the file's encoding and content hash, or refuse it: nothing in it, or no text."""
    with path.open("rb") as file:
        head = file.read(4096)
        _refuse_other_kinds(head, expected)
        sha256 = _hash_and_refuse_nul(file, may_hold_nul=head.startswith(_UTF16_MARKS))
        for encoding in _candidates(head):
            if _decodes(file, encoding):
                return TextFile(path, encoding, sha256)
    raise InvalidInput("dataset.unknown_encoding")


def _refuse_other_kinds(head: bytes, expected: str) -> None:
    if not head:
        raise InvalidInput("dataset.empty_file")
    if head.startswith(_OLD_OFFICE) or (
        head.startswith(b"PK\x03\x04") and any(member in head for member in _WORKBOOK_MEMBERS)
    ):
        raise UnsupportedMedia("dataset.is_spreadsheet")
    code = "dataset.not_a_table" if expected == "table" else "dataset.not_a_text"
    for magic, kind in _KINDS if expected == "text" else (*_KINDS, *_TEXT_KINDS):
        if head.startswith(magic):
            raise UnsupportedMedia(code, kind=kind)


def _hash_and_refuse_nul(file: BinaryIO, *, may_hold_nul: bool) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(file):
        digest.update(piece)
        if not may_hold_nul and b"\0" in piece:
            raise UnsupportedMedia("dataset.binary_file")
    return digest.hexdigest()


def _candidates(head: bytes) -> tuple[str, ...]:
    """Return the codecs to try in order; `cp932`, as `shift_jis` lacks ①, ㈱ and 髙."""
    if head.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if head.startswith(_UTF16_MARKS):
        return ("utf-16",)
    return ("utf-8", "cp932")


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    try:
        for piece in _pieces(file):
            if "\0" in decoder.decode(piece):
                raise UnsupportedMedia("dataset.binary_file")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        yield piece
