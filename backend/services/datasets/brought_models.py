"""Models that live workers hold, for people; and the data that a model brings, as a dataset."""

from __future__ import annotations

from pydantic import Field

from muscope.backend.catalogue import error_text, text
from muscope.backend.db.schema.model_table import WorkerModelRow
from muscope.backend.domain.brought.description import Description, Stacking
from muscope.backend.domain.brought.rule import RuleLine
from muscope.backend.domain.spec.dataset import DatasetShape, Frozen, Profile
from muscope.backend.domain.spec.families.adapted import Adaptable
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.backend.errors import from_stored
from muscope.backend.ingest.manifest import Manifest
from muscope.backend.services.context import Context
from muscope.backend.services.datasets.model_checks import ModelCheckView, check_view
from muscope.backend.services.datasets.store import StoredDataset, store_arrays
from muscope.backend.services.held_models import find_model, held_models
from muscope.backend.services.views.check_sentences import rule_sentence
from muscope.backend.storage.blobs.folder import Blob


class ModelTensorView(Frozen):
    """One tensor of a model: its shape at the narrowest width, and its role."""

    name: str
    role: TensorRole
    shape: tuple[int, ...]
    growing: tuple[int, ...] = Field(description="Its dimensions that are proportional to the width.")


class ModelView(Frozen):
    """A model of the operator's as the workers that hold it have found it."""

    name: str = Field(description="A request names it as `brought:<name>`.")
    sha256: str = Field(description="Hash of its source: its version.")
    num_workers: int = Field(description="Live workers that hold this version.")
    widths: tuple[int, ...] = Field(description="Widths that it was looked at.")
    depths: tuple[int, ...]
    num_parameters: tuple[int, int] | None = Field(description="At the narrowest and the widest of them.")
    tensors: tuple[ModelTensorView, ...]
    has_own_loss: bool
    stacking: Stacking | None = Field(description="Training of the runs of a cell on a CPU.")
    stacking_text: str = Field(description="The same in words, with the reason.")
    speedup: tuple[tuple[int, float], ...] = Field(description="Of a stack over one by one, by width.")
    own_data: DatasetShape | None = Field(description="Sizes of the data that it brings.")
    error: str | None = Field(description="The reason if it cannot be trained.")
    adaptable: tuple[Adaptable, ...] = Field(
        description="Sizes of `adapted:<name>`: linear layers, other modules, frozen weights."
    )
    rule: tuple[RuleLine, ...] = Field(
        description="Fields that grow or are replaced, of a Hugging Face configuration; else empty."
    )
    rule_text: str = Field(description="The same in words.")
    check: ModelCheckView | None = Field(
        description="Check of its parametrization; null until a worker is done."
    )
    check_error: str | None = Field(description="The reason if it could not be checked.")


def list_models(context: Context, language: str) -> list[ModelView]:
    """List the models that live workers hold, by name and version."""
    with context.database.read() as session:
        return [
            _view(versions, language)
            for rows in held_models(context, session).values()
            for versions in _by_version(rows)
        ]


def store_own_data(context: Context, owner_id: str, network: str) -> StoredDataset:
    """Store the examples that a model brings as a dataset of the owner's; raises NotFound, InvalidInput."""
    with context.database.read() as session:
        row = find_model(context, session, network)
        assert row.description is not None
        assert row.arrays_sha256 is not None
        shape, blob = row.description.own_data, Blob(row.arrays_sha256, row.arrays_bytes)
    profile = Profile(num_rows=shape.num_train + shape.num_val)
    return store_arrays(context, owner_id, network, Manifest(shape=shape, profile=profile), blob)


def _by_version(rows: list[WorkerModelRow]) -> list[list[WorkerModelRow]]:
    versions: dict[str, list[WorkerModelRow]] = {}
    for row in rows:
        versions.setdefault(row.sha256, []).append(row)
    return list(versions.values())


def _view(rows: list[WorkerModelRow], language: str) -> ModelView:
    row = next((each for each in rows if each.description is not None), rows[0])
    found = row.description
    error = None
    if found is None:
        error = text(f"error.{row.error_code}", language, **(row.error_params or {}))
    family = None if found is None else found.family
    return ModelView(
        name=row.network,
        sha256=row.sha256,
        num_workers=len(rows),
        widths=() if family is None else family.sizes,
        depths=() if family is None else tuple(table.depth for table in family.tables),
        num_parameters=None if found is None else found.num_parameters,
        tensors=() if family is None else _tensors(row),
        has_own_loss=bool(family and family.example and family.example.is_whole_batch),
        stacking=None if found is None else found.stacking,
        stacking_text="" if found is None else _stacking_text(row, language),
        speedup=() if found is None else found.speedup,
        own_data=None if found is None else found.own_data,
        error=error,
        adaptable=() if found is None else found.adaptable,
        rule=() if found is None else found.rule,
        rule_text=rule_sentence(found.rule, language) if found is not None and found.rule else "",
        check=None if found is None or found.measured is None else check_view(found.measured, language),
        check_error=_check_error(found, language),
    )


def _tensors(row: WorkerModelRow) -> tuple[ModelTensorView, ...]:
    assert row.description is not None
    return tuple(
        ModelTensorView(name=each.name, role=each.role, shape=each.shape, growing=each.growing)
        for each in row.description.family.tables[0].tensors
    )


def _stacking_text(row: WorkerModelRow, language: str) -> str:
    found = row.description
    assert found is not None
    largest = max((gain for _, gain in found.speedup), default=1.0)
    return text(
        f"model.stacking.{found.stacking.value}",
        language,
        width=found.family.stacked_up_to,
        speedup=f"{largest:.1f}",
        detail=found.stacking_detail or "-",
    )


def _check_error(found: Description | None, language: str) -> str | None:
    error = from_stored(found.check_error) if found is not None and found.check_error else None
    return None if error is None else error_text(error, language)
