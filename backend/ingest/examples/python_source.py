"""A byte corpus that every machine has: the sources of the running Python's own standard library."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.build import Prepared
from muscope.backend.ingest.texts.text import WINDOW_BYTES, Parts, windows_of

MAX_BYTES = 2_000_000
_VALIDATION_SHARE = 0.1
# Written in Python throughout; what a version lacks is left out. A name may be a module or a package.
MODULES = (
    "abc", "argparse", "ast", "base64", "bdb", "bisect", "calendar", "cmd", "code", "codecs",
    "collections", "configparser", "contextlib", "copy", "csv", "dataclasses", "datetime", "difflib",
    "dis", "doctest", "enum", "filecmp", "fileinput", "fnmatch", "fractions", "ftplib", "functools",
    "getopt", "gettext", "glob", "gzip", "heapq", "html", "http", "imaplib", "inspect", "ipaddress",
    "json", "linecache", "locale", "logging", "mailbox", "mimetypes", "optparse", "os", "pathlib",
    "pdb", "pickle", "pickletools", "platform", "plistlib", "poplib", "pprint", "pstats", "queue",
    "random", "re", "selectors", "shlex", "shutil",
)  # fmt: skip


def prepare_python_source() -> Prepared:
    """Return windows of the sources; every file trains or validates as a whole."""
    sources = read_sources(Path(sysconfig.get_path("stdlib")))
    parts = split_files(sources)
    if not parts.val:  # some systems ship compiled modules only
        raise InvalidInput("example.no_python_sources")
    return windows_of(parts, num_files=len(sources), encoding="UTF-8")


def read_sources(stdlib: Path) -> list[bytes]:
    """Return the modules' files in a fixed order, whole, up to the limit."""
    sources: list[bytes] = []
    room = MAX_BYTES
    for module in MODULES:
        for path in [stdlib / f"{module}.py", *sorted((stdlib / module).glob("*.py"))]:
            source = path.read_bytes() if path.is_file() else b""
            if len(source) > room:
                return sources
            if len(source) > WINDOW_BYTES:
                sources.append(source)
                room -= len(source)
    return sources


def split_files(sources: list[bytes]) -> Parts:
    """Give a file to validation whenever that holds less than its share of what has been given out."""
    train: list[bytes] = []
    val: list[bytes] = []
    total = num_val = 0
    for source in sources:
        total += len(source)
        if num_val + len(source) <= _VALIDATION_SHARE * total:
            val.append(source)
            num_val += len(source)
        else:
            train.append(source)
    return Parts(train, val)
