"""Chooses the reader of an uploaded file: by what the user said, else by its first bytes and its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from muscope.backend.domain.spec.dataset import DataWarning, Decision
from muscope.backend.errors import InvalidInput, UnsupportedMedia
from muscope.backend.ingest.arrays_file.prepare import prepare_arrays
from muscope.backend.ingest.build import Prepared, prepare_table
from muscope.backend.ingest.containers.contents import kind_by_name, wanted_kind
from muscope.backend.ingest.containers.unpack import Unpacked, unpack
from muscope.backend.ingest.delimited.padding import without_padding
from muscope.backend.ingest.delimited.text_table import looks_like_table
from muscope.backend.ingest.image_folder.prepare import prepare_image_folder
from muscope.backend.ingest.manifest import FileKind, IngestOptions
from muscope.backend.ingest.recipe import with_kind
from muscope.backend.ingest.recognition.formats import Format, refuse_other, refuse_unread
from muscope.backend.ingest.recognition.kinds import recognise
from muscope.backend.ingest.suited import refuse_unsuited
from muscope.backend.ingest.texts.text import prepare_text
from muscope.backend.ingest.texts.text_folder import prepare_text_folder
from muscope.backend.ingest.typed_tables import TABLE_FORMATS, prepare_typed


def prepare_file(source: Path, options: IngestOptions) -> Prepared:
    """Return the file at `source` as arrays and manifest, or raise the first thing wrong with it.

    What has to be unpacked lies in the folder for temporary files meanwhile.
    """
    if not source.stat().st_size:
        raise InvalidInput("dataset.empty_file")
    with TemporaryDirectory(prefix="unpacked-") as scratch:
        unpacked = unpack(source, Path(scratch), options)
        prepared = _prepare(unpacked, Path(scratch))
    return with_kind(_with_history(prepared, unpacked), options)


def _prepare(unpacked: Unpacked, scratch: Path) -> Prepared:
    path, options = unpacked.path, unpacked.options
    if unpacked.content == "arrays":
        return prepare_arrays(path, options)
    if unpacked.content == "images":
        refuse_unsuited("images", options)
        return prepare_image_folder(path, options)
    if unpacked.content == "texts":
        refuse_unsuited("text", options)
        return prepare_text_folder(path, options, scratch)
    return _prepare_file(path, unpacked.name, options, scratch)


def _prepare_file(path: Path, name: str, options: IngestOptions, scratch: Path) -> Prepared:
    """Return a single file as arrays and manifest; `name` is its own, where it was in an archive."""
    found, wanted = recognise(path), wanted_kind(options)
    text = without_padding(path, scratch) if found is Format.TEXT else path
    if text != path:
        return _noted(_prepare_file(text, name, options, scratch), "dataset.padding_removed")
    refuse_unread(found)
    kind = wanted or _likely_kind(path, found, kind_by_name(name) or options.likely)
    refuse_unsuited(kind, options)
    if kind == "images":
        raise UnsupportedMedia("dataset.not_images")
    refuse_other(found, kind)
    if kind == "text":
        return prepare_text(path, options)
    return prepare_typed(path, found, options) if found in TABLE_FORMATS else prepare_table(path, options)


def _likely_kind(path: Path, found: Format, by_name: FileKind | None) -> FileKind:
    """Return text for what may be one by its name and does not look like a table."""
    may_be_text = by_name == "text" and found not in TABLE_FORMATS
    return "text" if may_be_text and not (found is Format.TEXT and looks_like_table(path)) else "table"


def _noted(prepared: Prepared, code: str) -> Prepared:
    """Return a dataset whose first note is this one."""
    profile = prepared.manifest.profile
    noted = profile.model_copy(update={"notes": (DataWarning(code=code), *profile.notes)})
    return replace(prepared, manifest=prepared.manifest.model_copy(update={"profile": noted}))


def _with_history(prepared: Prepared, unpacked: Unpacked) -> Prepared:
    """Put what unpacking decided before what the reader decided."""
    profile = prepared.manifest.profile
    changed = {
        "decisions": (*unpacked.decisions, *(_prefixed(d, unpacked.prefix) for d in profile.decisions)),
        "notes": (*unpacked.notes, *profile.notes),
    }
    manifest = prepared.manifest.model_copy(update={"profile": profile.model_copy(update=changed)})
    return replace(prepared, manifest=manifest)


def _prefixed(decision: Decision, prefix: str) -> Decision:
    """Return a choice of a part of a file as one of the archive, in which the file was chosen first."""
    if decision.option != "member" or not prefix:
        return decision
    choices = tuple(prefix + choice for choice in decision.choices)
    return decision.model_copy(update={"value": prefix + decision.value, "choices": choices})
