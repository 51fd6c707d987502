"""Answers a file was read by, kept with its profile for the next file of the same kind."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from muscope.backend.domain.spec.dataset import Decision, Profile, ReadingRecipe
from muscope.backend.ingest.build import Prepared
from muscope.backend.ingest.manifest import FileKind, IngestOptions

_KINDS: tuple[FileKind, ...] = ("table", "text")


def with_kind(prepared: Prepared, options: IngestOptions) -> Prepared:
    """Return a dataset whose profile says how the file was read, and by which answers."""
    profile = prepared.manifest.profile
    kind = _kind_of(prepared)
    decisions = profile.decisions
    if kind is not None and (options.likely == "text" or kind == "text"):
        # By its name the file could be prose as well as a table.
        asked = Decision(option="kind", value=kind, is_guessed=options.kind is None, choices=_KINDS)
        decisions = (asked, *decisions)
    recipe = ReadingRecipe(options=options.answers())
    changes = {"decisions": decisions, "recipe": recipe, "signature": signature_of(profile)}
    manifest = prepared.manifest.model_copy(update={"profile": profile.model_copy(update=changes)})
    return replace(prepared, manifest=manifest)


def _kind_of(prepared: Prepared) -> FileKind | None:
    """Return the kind of a file that could be another one; None for images, arrays and folders."""
    text = prepared.manifest.profile.text
    if text is not None:
        return "text" if text.num_files == 1 else None
    return "table" if prepared.manifest.profile.columns else None


def signature_of(profile: Profile) -> str | None:
    """Return a hash of the columns' names in order; None without columns."""
    if not profile.columns:
        return None
    names = "\0".join(column.name for column in profile.columns)
    return hashlib.sha256(names.encode()).hexdigest()
