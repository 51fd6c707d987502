"""Runs of a tracker, and the way a verdict goes back to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from muscope.backend.errors import InvalidInput, NotFound, Unavailable

Record = Mapping[str, Any]
# Prefix of every tag and attribute that a verdict is written under.
TAG = "muscope."
# Name and kind of a run that holds a verdict; readers leave it out.
VERDICT_RUN = "muscope-verdict"
MOST_REASON = 300
# Takes the outcome, the text, and the contents of the artifact's files by name.
WriteBack = Callable[[str, str, Mapping[str, str]], None]


@dataclass(frozen=True)
class Tracked:
    """Runs with their settings and last metrics.

    Attributes:
        writer: takes a verdict back to where the runs are; None where the tracker has no place for one.
        kind: of the tracker, for errors.
    """

    records: Sequence[Record]
    writer: WriteBack | None = None
    kind: str = ""

    def way_back(self) -> WriteBack:
        """Return the way of a verdict to the tracker; raises InvalidInput where it has no place for one."""
        if self.writer is None:
            raise InvalidInput("sweep.no_write_back", kind=self.kind)
        return self.writer

    def write_back(self, outcome: str, text: str, files: Mapping[str, str] | None = None) -> None:
        """Write a verdict: tags, a note, and `files` as an artifact; raises InvalidInput, Unavailable."""
        self.way_back()(outcome, text, files or {})


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings under dotted names, as trackers show them: `model.width`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def library(name: str, extra: str) -> Any:
    """Return an optional library; raises Unavailable that names the extra which brings it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise Unavailable("sweep.no_library", library=name, extra=extra) from error


def require_store(place: str) -> None:
    """Raise NotFound for a store in a file or folder that does not exist: libraries would create it."""
    kind, sign, rest = place.partition(":///")
    if sign and kind.startswith("sqlite"):
        path = Path(rest.partition("?")[0])
    elif sign and kind == "file":
        path = Path("/", rest)
    elif "://" not in place and not place.startswith("databricks"):
        path = Path(place)
    else:
        return
    if not path.exists():
        raise NotFound("sweep.no_runs", place=place, what=path.name)


@contextmanager
def answering(kind: str, *failures: type[Exception]) -> Iterator[None]:
    """Have a store that does not answer named; `failures` are the errors of the library that reads it."""
    try:
        yield
    except failures as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:MOST_REASON]
        raise Unavailable("sweep.tracker_away", kind=kind, reason=reason) from error


def chosen(given: str | None, known: Sequence[str], kind: str) -> str:
    """Return the experiment that is asked for, or the only one; raises InvalidInput that names all."""
    if given is None and len(known) == 1:
        return known[0]
    if given not in known:
        names = ", ".join(known[:20]) or "–"
        raise InvalidInput("sweep.which_experiment", kind=kind, given=given or "–", known=names)
    return str(given)
