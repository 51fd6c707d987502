"""Calls libraries that read foreign files, so that whatever they raise becomes one sentence."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from muscope.backend.errors import InvalidInput, MuscopeError, Param

# Errors of the standard library for archives that are broken, encrypted or exotically packed.
ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, KeyError, TypeError, OSError, OverflowError,
)  # fmt: skip
_NOT_OF_THE_FILE = (MuscopeError, MemoryError, KeyboardInterrupt, SystemExit, GeneratorExit)


@contextmanager
def refusing(code: str, **params: Param) -> Iterator[None]:
    """Raise `InvalidInput(code)` for any failure inside.

    A damaged file makes libraries written in Rust panic, which Python sees as a `BaseException`.
    """
    try:
        yield
    except _NOT_OF_THE_FILE:
        raise
    except BaseException as error:
        raise InvalidInput(code, **params) from error
