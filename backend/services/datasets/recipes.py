"""Answers about one file, taken for the next file with the same columns until they are forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from muscope.backend.db import recipes as recipe_rows
from muscope.backend.db.schema.tables import DatasetRow
from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import MuscopeError, NotFound
from muscope.backend.ingest.manifest import IngestOptions, Manifest
from muscope.backend.services.context import Context
from muscope.backend.services.datasets.child_reader import read_file
from muscope.backend.services.views.list_views import RecipeView
from muscope.backend.services.views.views import DatasetName

# Names of columns in one entry; more say no more.
MOST_COLUMNS = 8


def by_recipe(
    context: Context, owner_id: str, source: Path, out: Path, options: IngestOptions, manifest: Manifest
) -> Manifest:
    """Return the file read by the owner's answers about the last file with these columns, if there are."""
    if options.answers() or manifest.profile.signature is None:
        return manifest
    with context.database.read() as session:
        known = recipe_rows.last_answered(session, owner_id, manifest.profile.signature)
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


def list_recipes(context: Context, owner_id: str) -> list[RecipeView]:
    """List the answers that are taken for further files, those about the newest files first."""
    with context.database.read() as session:
        found = recipe_rows.latest(session, owner_id)
        return [_view(signature, rows) for signature, rows in found.items()]


def forget_recipe(context: Context, owner_id: str, recipe_id: str) -> None:
    """Have files with these columns guessed anew; raises NotFound if there are no answers about them."""
    with context.database.write() as session:
        if not recipe_rows.forget(session, owner_id, recipe_id):
            raise NotFound("recipe.not_found", id=recipe_id)


def _view(signature: str, rows: Sequence[DatasetRow]) -> RecipeView:
    newest = rows[0]
    names = [column.name for column in newest.profile.columns]
    return RecipeView(
        id=signature,
        dataset=DatasetName(id=newest.id, name=newest.name, example=newest.example),
        answers=newest.profile.recipe.options,
        columns=tuple(names[:MOST_COLUMNS]),
        num_columns=len(names),
        num_datasets=len(rows),
        created_at=newest.created_at,
    )
