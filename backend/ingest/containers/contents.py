"""Kinds of data that an archive holds, by the endings of its files and by what the user said it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.containers.zip_file import Member
from muscope.backend.ingest.manifest import FileKind, IngestOptions
from muscope.backend.ingest.wording import listed

Content = Literal["file", "arrays", "images", "texts"]

PICTURES = frozenset(
    (
        ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".webp", ".gif", ".tif", ".tiff", ".ppm",
        ".pgm", ".pbm", ".pnm", ".heic", ".heif", ".avif", ".jp2",
    )
)  # fmt: skip
_TEXTS = frozenset(
    (
        ".txt", ".md", ".markdown", ".rst", ".tex", ".text",
    )
)  # fmt: skip
_TABLES = frozenset(
    (
        ".csv", ".tsv", ".tab", ".dat", ".data", ".asc", ".prn", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods",
        ".parquet", ".feather", ".arrow", ".ipc", ".jsonl", ".ndjson",
    )
)  # fmt: skip
_NESTED = frozenset([".npz", ".zip", ".gz"])
_WORKBOOK_MEMBERS = ("[Content_Types].xml", "mimetype")
_MAX_CHOICES = 50


class Contents(NamedTuple):
    """Part of an archive that is read.

    Attributes:
        members: of a kind of several files, all of them; else the files to choose from, the largest first.
        num_left: files that are of no use with those.
    """

    kind: Content
    members: Sequence[Member]
    num_left: int


def is_document(members: Sequence[Member]) -> bool:
    """Say whether the archive is an office document, whose parts are no files of the user."""
    names = {member.name for member in members}
    return any(name in names for name in _WORKBOOK_MEMBERS)


def contents_of(members: Sequence[Member], options: IngestOptions) -> Contents:
    """Return what to read of the archive; raises InvalidInput where there is nothing."""
    if not members:
        raise InvalidInput("dataset.archive_empty")
    kind, found = _choose(members, wanted_kind(options))
    named = [member for member in members if _is_named(member, options.member)]
    if named:
        others = found if kind == "file" else ()
        kind, found = "file", [*named, *(member for member in others if member not in named)]
    if not found:
        raise InvalidInput("dataset.archive_no_data", found=_endings(members))
    if kind == "file":
        found = sorted(found, key=lambda member: -member.num_bytes)
    return Contents(kind, found, len(members) - len(found))


def wanted_kind(options: IngestOptions) -> FileKind | None:
    """Return the kind of data that the options ask for, if they do."""
    return options.kind or ("text" if options.task is Task.LANGUAGE_MODELLING else None)


def kind_by_name(name: str) -> FileKind | None:
    """Return the kind of data by the ending of a file's name; None leaves it to its content."""
    return "text" if Path(name).suffix.lower() in _TEXTS else None


def choices_of(members: Iterable[Member]) -> tuple[str, ...]:
    """Return the names to choose from, at most fifty."""
    return tuple(member.name for member in members)[:_MAX_CHOICES]


def _choose(members: Sequence[Member], wanted: FileKind | None) -> tuple[Content, Sequence[Member]]:
    pictures = _with_ending(members, PICTURES)
    texts = _with_ending(members, _TEXTS)
    tables = _with_ending(members, _TABLES) or _with_ending(members, {".json"})
    arrays = _with_ending(members, {".npy"})
    nested = _with_ending(members, _NESTED)
    several: Content = "texts" if len(texts) > 1 else "file"
    if wanted is None and arrays and not pictures:
        return "arrays", arrays
    if wanted == "text":
        options: list[tuple[Content, Sequence[Member]]] = [(several, texts), ("file", nested)]
    elif wanted == "table":
        options = [("file", tables), ("arrays", arrays), ("file", nested), ("file", texts)]
    elif wanted == "images":
        options = [("images", pictures), ("arrays", arrays), ("file", nested)]
    else:
        options = [("file", tables), ("file", nested), (several, texts)]
        if len(pictures) > len(tables) + len(nested):
            return "images", pictures
    for kind, found in options:
        if found:
            return kind, found
    return "file", _with_ending(members, {""}) if wanted is None else ()


def _is_named(member: Member, wanted: str | None) -> bool:
    return wanted is not None and (wanted == member.name or wanted.startswith(f"{member.name}/"))


def _with_ending(members: Sequence[Member], endings: Iterable[str]) -> list[Member]:
    known = set(endings)
    return [member for member in members if member.ending in known]


def _endings(members: Sequence[Member]) -> str:
    counts = Counter(member.ending or member.name for member in members)
    return listed([f"{ending} ({count})" for ending, count in counts.most_common(6)], 5)
