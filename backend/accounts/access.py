"""The one table of permissions: what a visitor needs for each route and method. No row, no access."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from muscope.backend.accounts.roles import Scope, Visitor

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Need(Enum):
    """Requirement of a request: nothing, a signed-in user, or a scope; `NOTHING_GIVES_IT` refuses all."""

    NOBODY = "nobody"
    USER = "user"
    # Of a person, never of a token: a token that makes tokens would outlive its own end.
    PERSON = "person"
    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"
    METRICS = "metrics"
    NOTHING_GIVES_IT = "none"


class _Row(NamedTuple):
    """Needs of everything below a path of the API; the first row that fits decides."""

    path: str
    reading: Need
    writing: Need


_TABLE = (
    _Row("session", Need.NOBODY, Need.NOBODY),  # says who is signed in; signs in and out
    _Row("invitation", Need.NOTHING_GIVES_IT, Need.NOBODY),  # a one-time link is its own proof
    _Row("account/tokens", Need.PERSON, Need.PERSON),
    _Row("account/sessions", Need.PERSON, Need.PERSON),
    _Row("account/identity", Need.PERSON, Need.PERSON),
    _Row("account/password", Need.NOTHING_GIVES_IT, Need.PERSON),
    _Row("users", Need.ADMIN, Need.ADMIN),
    _Row("audit", Need.ADMIN, Need.NOTHING_GIVES_IT),
    # Computed from what the request holds; nothing is stored.
    _Row("sweeps/judge", Need.READ, Need.READ),
    _Row("plans", Need.READ, Need.SUBMIT),
    _Row("cells", Need.READ, Need.SUBMIT),
    _Row("compare", Need.READ, Need.SUBMIT),
    _Row("datasets", Need.READ, Need.SUBMIT),
    _Row("examples", Need.READ, Need.SUBMIT),
    _Row("experiments", Need.READ, Need.SUBMIT),
    _Row("models", Need.READ, Need.SUBMIT),
    _Row("options", Need.READ, Need.SUBMIT),
    _Row("problems", Need.NOBODY, Need.NOTHING_GIVES_IT),  # an answer of 401 leads there
    _Row("recipes", Need.READ, Need.SUBMIT),
    _Row("status", Need.READ, Need.ADMIN),
    _Row("sweeps", Need.READ, Need.SUBMIT),
    _Row("tags", Need.READ, Need.SUBMIT),
    _Row("uploads", Need.READ, Need.SUBMIT),
    _Row("usage", Need.READ, Need.SUBMIT),
    _Row("workers", Need.READ, Need.ADMIN),
    # The documentation tells of the program and nothing of this installation.
    _Row("docs", Need.NOBODY, Need.NOTHING_GIVES_IT),
    _Row("openapi.json", Need.NOBODY, Need.NOTHING_GIVES_IT),
)


def need_of(method: str, path: str) -> Need | None:
    """Return what a request needs; None for a path that the table does not have.

    Args:
        path: below the API's prefix, without a slash in front.
    """
    for row in _TABLE:
        if path == row.path or path.startswith(f"{row.path}/"):
            return row.reading if method in READING else row.writing
    return None


def allows(need: Need | None, visitor: Visitor | None) -> bool:
    """Tell whether a visitor has what a request needs; None stands for one who is not signed in."""
    if need is Need.NOBODY:
        return True
    if need is None or need is Need.NOTHING_GIVES_IT or visitor is None:
        return False
    if need is Need.PERSON:
        return visitor.token_id is None
    return need is Need.USER or Scope(need.value) in visitor.scopes
