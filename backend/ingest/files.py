"""Chooses the reader of an uploaded file: by what the user said, else by its first bytes and its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from muscope.backend.domain.spec.dataset import Decision
from muscope.backend.errors import InvalidInput, UnsupportedMedia
from muscope.backend.ingest.arrays_file.prepare import prepare_arrays
from muscope.backend.ingest.build import Prepared, prepare_table
from muscope.backend.ingest.containers.contents import kind_by_name, wanted_kind
from muscope.backend.ingest.containers.unpack import Unpacked, unpack
from muscope.backend.ingest.image_folder.prepare import prepare_image_folder
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.suited import refuse_unsuited
from muscope.backend.ingest.text import prepare_text
from muscope.backend.ingest.text_folder import prepare_text_folder


def prepare_file(source: Path, options: IngestOptions) -> Prepared:
    """Return the file at `source` as arrays and manifest, or raise the first thing wrong with it.

    What has to be unpacked lies in the folder for temporary files meanwhile.
    """
    if not source.stat().st_size:
        raise InvalidInput("dataset.empty_file")
    with TemporaryDirectory(prefix="unpacked-") as scratch:
        unpacked = unpack(source, Path(scratch), options)
        prepared = _prepare(unpacked, Path(scratch))
    return _with_history(prepared, unpacked)


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
    kind = wanted_kind(options) or kind_by_name(unpacked.name) or "table"
    refuse_unsuited(kind, options)
    if kind == "images":
        raise UnsupportedMedia("dataset.not_images")
    return prepare_text(path) if kind == "text" else prepare_table(path, options)


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
