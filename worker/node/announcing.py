"""Announces the models that a node holds: each is described by a process of its own, once per version.

Afterwards its parametrization is checked, by another such process: a model can be chosen before that ends.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from muscope.backend.db.connection.session import Database
from muscope.backend.db.machines import models
from muscope.backend.db.schema.model_table import WorkerModelRow
from muscope.backend.domain.brought.description import Description
from muscope.backend.domain.brought.measured import MeasuredModel
from muscope.backend.domain.brought.question import USUAL_RATE, CheckQuestion, DescribeQuestion, ModelLimits
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec
from muscope.backend.errors import MuscopeError, as_stored
from muscope.backend.model_check.child import describe_model, measure_model
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs.folder import Blobs
from muscope.worker.held_models import HeldModel, held_models

log = logging.getLogger(__name__)
Describe = Callable[[DescribeQuestion], Description]
Measure = Callable[[CheckQuestion], MeasuredModel]


class Announcer:
    """Announcements of one node; a model whose source has changed is described anew."""

    def __init__(
        self,
        worker: str,
        settings: Settings,
        blobs: Blobs,
        describe: Describe = describe_model,
        measure: Measure = measure_model,
    ) -> None:
        self._worker, self._settings, self._blobs = worker, settings, blobs
        self._describe, self._measure = describe, measure
        self._announced: tuple[HeldModel, ...] | None = None

    def look(self, database: Database) -> None:
        """Announce what is held now, if it is not what was announced."""
        held = held_models(self._settings.models)
        if held == self._announced or (self._announced is None and not held and not self._known(database)):
            self._announced = held
            return
        checked = self._checked(database)
        rows = [self._row(model) for model in held]
        found = {model: row.description for model, row in zip(held, rows, strict=True)}
        with database.write() as session:
            models.announce(session, self._worker, rows)
        self._announced = held
        for model, description in found.items():
            if description is not None:
                complete = checked.get(model.sha256) or self._with_check(model, description)
                with database.write() as session:
                    models.redescribe(session, self._worker, model.network, model.sha256, complete)

    def _checked(self, database: Database) -> dict[str, Description]:
        """Return the descriptions with measurements that this worker announced earlier, by version."""
        with database.read() as session:
            known = {row.sha256: row.description for row in models.known_by(session, self._worker)}
        return {
            sha256: each for sha256, each in known.items() if each is not None and each.measured is not None
        }

    def _with_check(self, model: HeldModel, description: Description) -> Description:
        """Measure a model's parametrization under AdamW, or under the optimizer of its file."""
        question = CheckQuestion(
            path="-" if model.path is None else str(model.path),
            module=model.module,
            widths=description.family.sizes,
            optimizer=OptimizerSpec(kind=OptimizerKind.ADAMW),
            lr=USUAL_RATE,
            recipe=None if model.recipe is None else str(model.recipe),
            limits=self._limits(),
        )
        try:
            return description.model_copy(update={"measured": self._measure(question)})
        except MuscopeError as error:
            log.warning("model %s cannot be checked: %s", model.network, error)
            return description.model_copy(update={"check_error": as_stored(error)})

    def _known(self, database: Database) -> bool:
        with database.read() as session:
            return bool(models.known_by(session, self._worker))

    def _row(self, model: HeldModel) -> WorkerModelRow:
        row = WorkerModelRow(
            worker=self._worker,
            network=model.network,
            sha256=model.sha256,
            arrays_bytes=0,
            announced_at=datetime.now(UTC),
        )
        with tempfile.TemporaryDirectory(prefix="muscope-model-") as scratch:
            arrays = Path(scratch) / "own.arrays"
            try:
                row.description = self._describe(self._question(model, arrays))
                blob = self._blobs.put(arrays)
                row.arrays_sha256, row.arrays_bytes = blob.sha256, blob.size
                log.info("model %s can be trained: %s", model.network, row.description.stacking)
            except MuscopeError as error:
                row.error_code, row.error_params = error.code, dict(error.params)
                log.warning("model %s cannot be trained: %s", model.network, error)
        return row

    def _question(self, model: HeldModel, arrays: Path) -> DescribeQuestion:
        return DescribeQuestion(
            network=model.network,
            path=None if model.path is None else str(model.path),
            module=model.module,
            sha256=model.sha256,
            recipe=None if model.recipe is None else str(model.recipe),
            arrays=str(arrays),
            limits=self._limits(),
        )

    def _limits(self) -> ModelLimits:
        return ModelLimits(
            wall_seconds=self._settings.model_seconds, memory_bytes=self._settings.model_memory_bytes
        )
