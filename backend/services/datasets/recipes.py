"""Answers about one file, taken for the next file with the same columns."""

from __future__ import annotations

from pathlib import Path

from muscope.backend.db import datasets as dataset_rows
from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import MuscopeError
from muscope.backend.ingest.manifest import IngestOptions, Manifest
from muscope.backend.services.context import Context
from muscope.backend.services.datasets.child_reader import read_file


def by_recipe(
    context: Context, owner_id: str, source: Path, out: Path, options: IngestOptions, manifest: Manifest
) -> Manifest:
    """Return the file read by the owner's answers about the last file with these columns, if there are."""
    if options.answers() or manifest.profile.signature is None:
        return manifest
    with context.database.read() as session:
        known = dataset_rows.last_answered(session, owner_id, manifest.profile.signature)
    if known is None:
        return manifest
    answers = IngestOptions.model_validate(known.profile.recipe.options)
    given = answers.model_copy(update={"kind": options.kind, "likely": options.likely})
    again = out.with_name(f"{out.name}.again")
    try:
        found = read_file(source, again, given)
    except MuscopeError:  # the answers do not suit this file
        return manifest
    again.replace(out)
    note = DataWarning(code="dataset.recipe_applied", params={"name": known.name})
    recipe = found.profile.recipe.model_copy(update={"taken_from": known.name})
    profile = found.profile.model_copy(update={"notes": (note, *found.profile.notes), "recipe": recipe})
    return found.model_copy(update={"profile": profile})
