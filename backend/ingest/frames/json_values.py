"""Values of a JSON file one after the other: JSON lines, one array, or values without anything between them.

Read as a stream, because a table of gigabytes may stand in one array. Numbers stay as they are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from muscope.backend.errors import InvalidInput, TooLarge

MAX_VALUE_CHARACTERS = 64 << 20
_PIECE_CHARACTERS = 1 << 20
_BETWEEN = re.compile(r"[\s,\ufeff\x1e]*")
# A comma before a closing bracket, which many programs write; texts are matched first, so that theirs stay.
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*(?:"|\\?\Z))|,(?=\s*[}\]])', re.DOTALL)
_CUT_MESSAGE = "Unterminated string"
_LONGEST_TOKEN = 400  # of a number or a word; a mistake nearer to the end may be a cut token
_CONSTANTS = {"NaN": None, "Infinity": "inf", "-Infinity": "-inf"}
_DECODER = json.JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=_CONSTANTS.__getitem__, strict=False
)


def values_of(file: TextIO) -> Iterator[Any]:
    """Yield the values of the file; of an array on its own, its elements.

    Raises `dataset.json_damaged` with the number of the value, `dataset.json_value_too_large`.
    """
    reader = _Reader(file)
    depth = 0
    while reader.skip_between():
        character = reader.character
        if character == "[" and depth == 0:
            depth = 1
            reader.step()
        elif character == "]" and depth == 1:
            depth = 0
            reader.step()
        else:
            yield reader.next_value()
    if depth:
        raise reader.damaged()


class _Reader:
    """Buffer over a text, with a place in it."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._buffer = ""
        self._place = 0
        self._is_mended = False
        self._num_values = 0

    @property
    def character(self) -> str:
        """Return the character at the place."""
        return self._buffer[self._place]

    def step(self) -> None:
        """Go on by one character."""
        self._place += 1

    def skip_between(self) -> bool:
        """Go on to the next value or bracket; returns whether there is one."""
        while True:
            found = _BETWEEN.match(self._buffer, self._place)
            self._place = found.end() if found else self._place
            if self._place < len(self._buffer):
                return True
            if not self._read_on():
                return False

    def next_value(self) -> Any:
        """Return the value at the place, and go on behind it."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._place)
            except json.JSONDecodeError as error:
                if not (self._may_be_cut(error) and self._read_on()) and not self._mend():
                    raise self.damaged() from error
            except RecursionError as error:
                raise self.damaged() from error
            else:
                # A number at the end of what was read may go on in what was not.
                if end < len(self._buffer) or not self._read_on():
                    self._place = end
                    self._num_values += 1
                    return value

    def damaged(self) -> InvalidInput:
        """Return the error that names the value which could not be read."""
        return InvalidInput("dataset.json_damaged", number=self._num_values + 1)

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        is_at_end = error.pos >= len(self._buffer) - _LONGEST_TOKEN
        return is_at_end or error.msg.startswith(_CUT_MESSAGE)

    def _read_on(self) -> bool:
        waiting = len(self._buffer) - self._place
        if waiting > MAX_VALUE_CHARACTERS:
            raise TooLarge("dataset.json_value_too_large", limit_mib=MAX_VALUE_CHARACTERS >> 20)
        piece = self._file.read(max(_PIECE_CHARACTERS, waiting))
        self._buffer, self._place = self._buffer[self._place :] + piece, 0
        self._is_mended = self._is_mended and not piece
        return bool(piece)

    def _mend(self) -> bool:
        """Take out commas before closing brackets; returns whether this changed anything."""
        if self._is_mended:
            return False
        rest = self._buffer[self._place :]
        self._buffer, self._place = _TRAILING_COMMA.sub(lambda found: found[1] or "", rest), 0
        self._is_mended = True
        return len(self._buffer) < len(rest)
