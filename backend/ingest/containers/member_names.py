"""Names of the members of a ZIP as their owner reads them; those without a mark of UTF-8 are a guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from zipfile import ZipInfo

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.wording import shown

_IS_UTF8 = 0x800
_GUESSES = ("utf-8", "cp932")  # macOS writes UTF-8 without the mark, older Windows its own code page
_UNMARKED = "cp437"  # the decoding of the standard library, which loses nothing
_DRIVE = re.compile(r"^[A-Za-z]:")
_SYSTEM_FILES = {"__macosx", "thumbs.db", "desktop.ini"}


def decoded_names(infos: Sequence[ZipInfo]) -> tuple[list[str], bool]:
    """Return a name for each member, and whether their encoding was guessed to be CP932.

    All unmarked names are decoded alike, and decoded before they are split: the second byte of 表 in CP932 is
    a backslash.
    """
    raw = [info.orig_filename.encode(_UNMARKED) for info in infos if not info.flag_bits & _IS_UTF8]
    encoding = next((guess for guess in _GUESSES if all(_decodes(name, guess) for name in raw)), _UNMARKED)
    names = [
        info.orig_filename
        if info.flag_bits & _IS_UTF8
        else info.orig_filename.encode(_UNMARKED).decode(encoding)
        for info in infos
    ]
    return [unicodedata.normalize("NFC", name) for name in names], encoding == "cp932"


def path_parts(name: str) -> tuple[str, ...]:
    """Return the folders and the file of a name; raises InvalidInput where they lead out."""
    parts = tuple(part for part in re.split(r"[/\\]", _DRIVE.sub("", name)) if part not in ("", "."))
    if ".." in parts:
        raise InvalidInput("dataset.archive_unsafe_name", name=shown(name))
    return parts


def is_system_file(parts: Sequence[str]) -> bool:
    """Say whether a file is hidden or was added by an operating system, not by the owner."""
    return any(part.startswith(".") or part.casefold() in _SYSTEM_FILES for part in parts)


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
