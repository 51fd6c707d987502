"""Passwords: the rules for a new one, and its hash (Argon2id with the library's recommended costs)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from zxcvbn import zxcvbn

from muscope.backend.errors import InvalidInput

SHORTEN_TO = 72  # zxcvbn reads no more; its time grows with the square of the length
SHORTEST, LONGEST = 12, 200
# zxcvbn's score from 0 to 4; 3 stands for more than 10^8 guesses.
LOWEST_SCORE = 3


def require_strong(password: str, known: Sequence[str]) -> None:
    """Raise InvalidInput for a password that is short or easily guessed.

    Args:
        known: words that others know of the user, such as the name.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput("password.length", given=len(password), shortest=SHORTEST, longest=LONGEST)
    score = zxcvbn(password[:SHORTEN_TO], user_inputs=["muscope", *known])["score"]
    if score < LOWEST_SCORE:
        raise InvalidInput("password.guessable", score=score, lowest=LOWEST_SCORE)


def hash_of(password: str) -> str:
    """Return the hash that is stored."""
    return _hasher().hash(password)


def is_right(password: str, stored: str | None) -> bool:
    """Tell whether a password is the stored one; it takes as long where nothing is stored."""
    try:
        return _hasher().verify(password, stored or _of_nobody()) and stored is not None
    except UnknownHashError:
        return False


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _of_nobody() -> str:
    """Return a hash that no password has, so that an unknown name takes as long as a known one."""
    return hash_of("\x00")
