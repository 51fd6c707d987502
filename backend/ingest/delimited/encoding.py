"""Finds the encoding of a text file from the whole file; refuses files that are no text.

Marks and structure decide first: byte order marks, NUL bytes at every other place (UTF-16), strict UTF-8,
escape sequences (ISO-2022-JP). What is left is decoded strictly in several code pages, and the characters
of the distinct cells decide which of them is likely; that is a guess, and the owner can change it.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from muscope.backend.domain.spec.dataset import Decision
from muscope.backend.errors import InvalidInput, UnsupportedMedia
from muscope.backend.ingest.delimited.code_pages import CODE_PAGES, likeliest
from muscope.backend.ingest.wording import shown

# Names shown and accepted, and their codecs. `cp932`, as `shift_jis` lacks ①, ㈱ and 髙; the same for EUC.
CODECS = {
    "UTF-8": "utf-8",
    "UTF-16": "utf-16",
    "UTF-16LE": "utf-16-le",
    "UTF-16BE": "utf-16-be",
    "CP932": "cp932",
    "EUC-JP": "euc_jis_2004",
    "ISO-2022-JP": "iso2022_jp_2004",
} | {name: codec for name, codec in CODE_PAGES.items() if name not in {"CP932", "EUC-JP"}}
CHOICES = (
    "UTF-8",
    "CP932",
    "EUC-JP",
    "ISO-2022-JP",
    "UTF-16",
    *(name for name in CODE_PAGES if name not in {"CP932", "EUC-JP"}),
)
_ALIASES = {
    "SHIFT_JIS": "CP932",
    "SJIS": "CP932",
    "SHIFT-JIS": "CP932",
    "WINDOWS-31J": "CP932",
    "UTF8": "UTF-8",
}
_PIECE_BYTES = 1 << 20
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SEPARATORS = re.compile(rb'[,;\t\r\n" ]+')
_MOST_CELLS = 4000
_ESCAPES = (b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b$(Q", b"\x1b$(O")
# Share of the lines, or of the bytes, beyond ASCII that must be of UTF-8, for a file that is damaged UTF-8.
_MOSTLY = 0.8
_HIGH_BYTES = bytes(range(0x80, 0x100))
# Characters of three bytes or more, and Latin letters; other pairs of bytes are frequent in CP932 by chance.
_SURE_CHARACTERS = re.compile(rb"[\xc3-\xc5][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Lines of UTF-8, and their share, that are no chance in a file of another encoding.
_LEAST_MIXED, _MIXED = 3, 0.1
_ASIAN = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file known to decode as `encoding` (a codec) from end to end; `name` is shown to the owner.

    `is_certain`: the bytes leave no doubt. `examples`: cells with other than ASCII characters, decoded.
    """

    path: Path
    encoding: str
    sha256: str
    name: str = "UTF-8"
    is_certain: bool = True
    examples: tuple[str, ...] = ()

    def decision(self, *, is_given: bool) -> Decision:
        """Return the encoding as a decision its owner can change."""
        return Decision(
            option="encoding",
            value=self.name,
            is_guessed=not (is_given or self.is_certain),
            choices=CHOICES,
            examples=self.examples,
        )


def examine(path: Path, encoding: str | None = None) -> TextFile:
    """Return the file's encoding and content hash, or refuse it: nothing in it, no text, or bad bytes."""
    with path.open("rb") as file:
        head = file.read(4096)
        if not head:
            raise InvalidInput("dataset.empty_file")
        name, is_certain = (_known(encoding), True) if encoding else _find(file, head)
        codec = _with_mark(CODECS[name], head)
        sha256 = _hash(file, may_hold_nul=codec.startswith("utf-16"))
        if encoding or not (codec == "utf-8" and is_certain and _is_ascii(file)):
            _require_decodes(file, codec, name)
        return TextFile(path, codec, sha256, name, is_certain, _examples(file, codec))


def _known(encoding: str) -> str:
    upper = encoding.strip().upper()
    name = _ALIASES.get(upper, next((known for known in CODECS if known.upper() == upper), ""))
    if not name:
        raise InvalidInput("dataset.unknown_encoding_name", given=shown(encoding), known=", ".join(CHOICES))
    return name


def _with_mark(codec: str, head: bytes) -> str:
    if codec == "utf-8" and head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return codec


def _find(file: BinaryIO, head: bytes) -> tuple[str, bool]:
    """Return the name of the likeliest encoding, and whether the bytes leave no doubt."""
    if head.startswith(codecs.BOM_UTF8):
        return "UTF-8", True
    if head.startswith(_UTF16_MARKS):
        return "UTF-16", True
    if utf16 := _utf16_without_mark(head):
        return utf16, True
    if any(b"\0" in piece for piece in _pieces(file)):
        raise UnsupportedMedia("dataset.binary_file")
    if _decodes(file, "utf-8"):
        is_escaped = b"\x1b" in head or any(b"\x1b" in piece for piece in _pieces(file))
        is_escaped = is_escaped and any(escape in piece for piece in _pieces(file) for escape in _ESCAPES)
        return ("ISO-2022-JP" if is_escaped else "UTF-8"), True
    if _is_mostly_utf8(file):
        return "UTF-8", True  # and its first bad row is named
    _refuse_mixed(file)
    possible = [name for name, codec in CODE_PAGES.items() if _decodes(file, codec)]
    best = likeliest(_distinct_cells(file), possible)
    if best is None:
        raise InvalidInput("dataset.unknown_encoding")
    return best, False


def _utf16_without_mark(head: bytes) -> str | None:
    """Return the kind of UTF-16 in which every other byte of ASCII characters is NUL."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    least = 0.2 * len(head) / 2
    name = "UTF-16LE" if odd > max(least, 20 * even) else "UTF-16BE" if even > max(least, 20 * odd) else None
    if name is None:
        return None
    text = head[: len(head) // 2 * 2].decode(CODECS[name], errors="replace")
    return name if all(char.isprintable() or char in "\t\r\n" for char in text) else None


def _is_mostly_utf8(file: BinaryIO) -> bool:
    """Return whether most lines, or most bytes, beyond ASCII are of UTF-8: few lines may hold many names."""
    good_lines, bad_lines, good_bytes, high_bytes = 0, 0, 0, 0
    for piece in _pieces(file):
        good_bytes += sum(len(found) for found in _SURE_CHARACTERS.findall(piece))
        high_bytes += len(piece) - len(piece.translate(None, _HIGH_BYTES))
        for line in piece.split(b"\n")[1:-1] or [piece]:
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good_lines += 1
            except UnicodeDecodeError:
                bad_lines += 1
    if good_lines and good_lines >= _MOSTLY * (good_lines + bad_lines):
        return True
    return good_bytes > 0 and good_bytes >= _MOSTLY * high_bytes


def _refuse_mixed(file: BinaryIO) -> None:
    """Raise where lines of UTF-8 stand among lines of another encoding, as in files that were joined.

    Only lines with characters of East Asia count: two bytes of UTF-8 may be a word of a code page by chance.
    """
    num_lines, num_utf8, row, first, border = 0, 0, 1, None, 0
    file.seek(0)
    while line := file.readline(_PIECE_BYTES):
        if not line.isascii():
            is_utf8 = _is_asian_utf8(line)
            first = is_utf8 if first is None else first
            border = border or (row if is_utf8 != first else 0)
            num_lines, num_utf8 = num_lines + 1, num_utf8 + is_utf8
        row += line.endswith(b"\n")
    if border and num_utf8 >= max(_LEAST_MIXED, _MIXED * num_lines):
        raise InvalidInput("dataset.mixed_encodings", row=border)


def _is_asian_utf8(line: bytes) -> bool:
    try:
        return _ASIAN.search(line.decode("utf-8")) is not None
    except UnicodeDecodeError:
        return False


def _hash(file: BinaryIO, *, may_hold_nul: bool) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(file):
        digest.update(piece)
        if not may_hold_nul and b"\0" in piece:
            raise UnsupportedMedia("dataset.binary_file")
    return digest.hexdigest()


def _is_ascii(file: BinaryIO) -> bool:
    return all(piece.isascii() for piece in _pieces(file))


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    try:
        for piece in _pieces(file):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _require_decodes(file: BinaryIO, codec: str, name: str) -> None:
    """Raise for the first line that does not decode, or that holds a NUL character."""
    decoder = codecs.getincrementaldecoder(codec)(errors="strict")
    line = 1
    for piece in _pieces(file):
        try:
            text = decoder.decode(piece)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            found = error.object[error.start : error.start + 4].hex(" ")
            raise InvalidInput("dataset.bad_bytes", encoding=name, row=line, bytes=found) from error
        if "\0" in text:
            raise UnsupportedMedia("dataset.binary_file")
        line += text.count("\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise InvalidInput("dataset.bad_bytes", encoding=name, row=line, bytes="") from error


def _distinct_cells(file: BinaryIO) -> set[bytes]:
    cells: set[bytes] = set()
    for piece in _pieces(file):
        cells.update(cell for cell in _SEPARATORS.split(piece) if cell and not cell.isascii())
        if len(cells) >= _MOST_CELLS:
            break
    return cells


def _examples(file: BinaryIO, codec: str, most: int = 3) -> tuple[str, ...]:
    file.seek(0)
    text = file.read(64 << 10).decode(codec, errors="ignore")
    cells = (cell.strip() for cell in re.split(r'[,;\t\r\n"|]+', text))
    found = dict.fromkeys(shown(cell) for cell in cells if cell and not cell.isascii())
    return tuple(found)[:most]


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        yield piece
