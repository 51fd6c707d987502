"""Small archives of all kinds, as people and programs make them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from io import BytesIO


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP of the files by name."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def zipped_raw(files: Mapping[bytes, bytes]) -> bytes:
    """Return a ZIP whose names are these bytes, without a word on their encoding."""
    stand_ins = {b"~" * (len(name) - 4) + b"%04d" % place: name for place, name in enumerate(files)}
    content = zipped({short.decode(): files[name] for short, name in stand_ins.items()})
    for short, name in stand_ins.items():
        content = content.replace(short, name)
    return content


def table(count: int = 40) -> bytes:
    """Return a table of two features and a label."""
    return b"a,b,label\n" + b"".join(b"%d,%d,%d\n" % (i, i * i % 7, i % 3) for i in range(count))
