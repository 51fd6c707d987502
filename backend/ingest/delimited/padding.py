"""Cuts off what devices and old programs put behind a text: NUL bytes up to a block's end, Control-Z."""

from __future__ import annotations

import shutil
from pathlib import Path

_PADDING = b"\0\x1a"
_TAIL_BYTES = 1 << 20


def without_padding(path: Path, folder: Path) -> Path:
    """Return the path of the text without padding; the file itself where it has none, or is UTF-16."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if b"\0" in file.read(min(size, 4096)).rstrip(_PADDING):
            return path
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
    kept = size - len(tail) + len(tail.rstrip(_PADDING))
    if kept == size or kept == size - len(tail):
        return path
    copy = folder / "text.unpadded"
    shutil.copyfile(path, copy)
    with copy.open("rb+") as file:
        file.truncate(kept)
    return copy
