"""Secrets of sessions, links and tokens: 32 random bytes, of which only the SHA-256 is stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import NamedTuple

PREFIX = "mus"
NUM_BYTES = 32


class Token(NamedTuple):
    """An API token: the id that is shown in lists, and the secret that is shown once."""

    id: str
    secret: str

    def __str__(self) -> str:
        return f"{PREFIX}_{self.id}_{self.secret}"


def new_secret(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a new secret in hex."""
    return random_bytes(NUM_BYTES).hex()


def new_token(random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> Token:
    """Return a new token."""
    return Token(random_bytes(6).hex(), new_secret(random_bytes))


def read_token(text: str) -> Token | None:
    """Return the parts of a token; None for a text of another form."""
    prefix, _, rest = text.partition("_")
    token = Token(*rest.partition("_")[::2])
    return token if prefix == PREFIX and token.id and token.secret else None


def sha256_of(secret: str) -> str:
    """Return what is stored of a secret. Random ones need no slow hash: they cannot be guessed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def derived(secret: str, purpose: str) -> str:
    """Return a secret in hex that follows from another one, which it does not tell."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), purpose.encode(), hashlib.sha256).hexdigest()
