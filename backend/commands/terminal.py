"""Language of a terminal, and output to one that lacks some of our characters."""

from __future__ import annotations

import codecs
import io
from collections.abc import Mapping
from typing import TextIO

from muscope.backend.catalogue import preferred_language

_NEAREST = dict(zip("µμ“”‘’–—…×", "uu\"\"''--.x", strict=True))


def terminal_language(environment: Mapping[str, str]) -> str:
    """Return the one of our languages that a terminal's variables name, in the order that POSIX gives them.

    Asked of the variables, not of the C library: on a bare host it does not know the locale that they name.
    """
    named = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return preferred_language(next(filter(None, named), "").replace("_", "-").split(".")[0])


def make_output_safe(*streams: TextIO) -> None:
    """Have streams write the nearest ASCII for what their encoding lacks, instead of raising.

    A terminal in EUC-JP, CP932 or ASCII has no "µ", and no process should end because of it.
    """
    codecs.register_error("muscope.plain", _plain)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="muscope.plain")


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Replace characters that an encoding lacks with the nearest ASCII, or with "?"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_NEAREST.get(char, "?") for char in lacking), error.end
