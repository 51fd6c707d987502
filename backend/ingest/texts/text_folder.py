"""Texts of a ZIP as one text: long files train and validate, short ones do either."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import InvalidInput, MuscopeError
from muscope.backend.ingest.build import Prepared
from muscope.backend.ingest.containers.contents import contents_of
from muscope.backend.ingest.containers.limits import Budget
from muscope.backend.ingest.containers.zip_file import Archive, Member
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.splits.given_parts import (
    RANDOM,
    Part,
    part_of,
    refuse_other_split,
    split_decision,
    validation_part,
)
from muscope.backend.ingest.texts.text import (
    MAX_TEXT_BYTES,
    MIN_TEXT_BYTES,
    WINDOW_BYTES,
    Parts,
    read_text,
    refuse_unusable,
    split_text,
    vocabulary_decision,
    windows_of,
)
from muscope.backend.ingest.wording import listed

_VAL_SHARE = 0.1


@dataclass(slots=True)
class _Texts:
    """Texts in the order in which they are used, and what was left out."""

    contents: list[bytes] = field(default_factory=list)
    parts: list[Part | None] = field(default_factory=list)
    encodings: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    num_bytes: int = 0
    is_cut: bool = False


def prepare_text_folder(source: Path, options: IngestOptions, scratch: Path) -> Prepared:
    """Return the texts of the ZIP at `source` as windows; files that are no text are left out and named."""
    refuse_other_split(options.split)
    texts = _read(source, scratch)
    refuse_unusable(b"".join(texts.contents))
    parts, val_part = _divided(texts, keeps_parts=options.split != RANDOM)
    if (
        sum(_num_windows(text) for text in parts.val) == 0
        or sum(_num_windows(text) for text in parts.train) == 0
    ):
        raise InvalidInput("dataset.texts_too_short", count=len(texts.contents), minimum=WINDOW_BYTES + 1)
    is_divided = val_part is not None or (options.split is not None and any(texts.parts))
    decision = split_decision(options.split, is_given=val_part is not None)
    return windows_of(
        parts,
        num_files=len(texts.contents),
        encoding=", ".join(name for name, _ in Counter(texts.encodings).most_common(3)),
        warnings=tuple(_warnings(texts)),
        notes=tuple(_notes(texts, val_part)),
        decisions=(*((decision,) if is_divided else ()), vocabulary_decision(options.vocabulary)),
        vocabulary=options.vocabulary,
    )


def _read(source: Path, scratch: Path) -> _Texts:
    texts = _Texts()
    budget = Budget()
    with Archive(source) as archive:
        wanted = contents_of(archive.members, IngestOptions(kind="text"))
        for place, member in enumerate(sorted(wanted.members, key=lambda member: member.parts)):
            if texts.num_bytes >= MAX_TEXT_BYTES:
                texts.is_cut = True
                break
            path = scratch / f"text-{place}"
            archive.copy(member, path, budget)
            _add(texts, member, path)
            path.unlink()
    return texts


def _add(texts: _Texts, member: Member, path: Path) -> None:
    """Add one file, up to the room that is left; one that is no text is kept by name only."""
    try:
        read = read_text(path)
    except MuscopeError:
        texts.unreadable.append(member.name)
        return
    room = MAX_TEXT_BYTES - texts.num_bytes
    texts.is_cut |= read.is_cut or len(read.content) > room
    texts.contents.append(read.content[:room])
    texts.parts.append(next((part for name in member.parts[:-1] if (part := part_of(name))), None))
    texts.encodings.append(read.encoding)
    texts.num_bytes += len(texts.contents[-1])


def _divided(texts: _Texts, *, keeps_parts: bool) -> tuple[Parts, Part | None]:
    """Return the texts as they were divided, else long ones cut and short ones given to either side whole."""
    val_part = validation_part({part for part in texts.parts if part is not None}) if keeps_parts else None
    if val_part is not None:
        pairs = list(zip(texts.contents, texts.parts, strict=True))
        train, val = ([text for text, part in pairs if part is wanted] for wanted in (Part.TRAIN, val_part))
        return Parts(train, val), val_part
    train, val = [], []
    for text in texts.contents:
        if len(text) >= MIN_TEXT_BYTES:
            pieces = split_text(text)
            train.extend(pieces.train)
            val.extend(pieces.val)
    for text in _shuffled([text for text in texts.contents if len(text) < MIN_TEXT_BYTES]):
        is_val = _size(val) + len(text) <= _VAL_SHARE * (_size(train) + _size(val) + len(text))
        (val if is_val else train).append(text)
    if not any(map(_num_windows, val)) and len(train) > 1:
        val.append(train.pop(_smallest(train)))
    return Parts(train, val), None


def _smallest(texts: Sequence[bytes]) -> int:
    """Return the place of the shortest text that has a window, or of the first one."""
    places = [place for place, text in enumerate(texts) if _num_windows(text)]
    return min(places, key=lambda place: len(texts[place]), default=0)


def _shuffled(texts: Sequence[bytes]) -> list[bytes]:
    """Return texts in an order that their names do not decide, as files of a kind lie together."""
    return sorted(texts, key=lambda text: hashlib.sha256(text).digest())


def _size(texts: Sequence[bytes]) -> int:
    return sum(map(len, texts))


def _num_windows(text: bytes) -> int:
    return max(0, len(text) - 1) // WINDOW_BYTES


def _warnings(texts: _Texts) -> Iterator[DataWarning]:
    if texts.is_cut:
        yield DataWarning(code="dataset.text_cut", params={"limit_mib": MAX_TEXT_BYTES >> 20})
    if texts.unreadable:
        params: dict[str, str | int | float] = {
            "count": len(texts.unreadable), "names": listed(texts.unreadable, 3),
        }  # fmt: skip
        yield DataWarning(code="dataset.texts_left_out", params=params)


def _notes(texts: _Texts, val_part: Part | None) -> Iterator[DataWarning]:
    yield DataWarning(code="dataset.texts_joined", params={"count": len(texts.contents)})
    if val_part is not None:
        count = sum(part is val_part for part in texts.parts)
        code = "dataset.test_validates" if val_part is Part.TEST else "dataset.validation_given"
        yield DataWarning(code=code, params={"name": val_part.value, "count": count})
        unused = sum(part not in (Part.TRAIN, val_part) for part in texts.parts)
        if unused:
            yield DataWarning(code="dataset.test_unused", params={"count": unused})
