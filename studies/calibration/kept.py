"""Cells of the study and their results on disk, known by what the trainer computes and not by its source.

Rules, domain and services change without a change of numbers; retraining everything then would help nobody.
So the key of a cell holds, besides program and data, the bytes that the trainer gives for a tiny cell of the
same kind: other numbers there, and nothing kept is used.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from muscope.backend.domain.spec.metrics import Metric
from muscope.worker.numerics.program import CellProgram
from muscope.worker.numerics.trainer import train
from studies.cells.datasets import dataset
from studies.cells.jobs import Job, Result
from studies.cells.pool import ResultStore

_PROBE_STEPS, _PROBE_RUNS, _PROBE_BATCH = 6, 2, 8


@dataclass(frozen=True)
class Cell(Job):
    """A cell of the study."""

    def key(self) -> str:
        """Return an identity of the numbers: program, data, and the results of a tiny cell of this kind."""
        return self._key

    @cached_property
    def _key(self) -> str:
        content = [self.data, _said(self.program), _probe(self.data, _tiny(self.program))]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]


def _tiny(program: CellProgram) -> CellProgram:
    """Return a cell of the same kind that takes milliseconds."""
    runs = tuple(
        run._replace(seed=seed, lr=2.0**-7, lr_index=0) for seed, run in enumerate(program.runs[:_PROBE_RUNS])
    )
    return replace(
        program, runs=runs, width=2 * program.base_width, depth=min(program.depth, 2), num_steps=_PROBE_STEPS,
        measure_every=_PROBE_STEPS, chunk_steps=_PROBE_STEPS + 1, batch_size=_PROBE_BATCH,
        sharpness_batch_size=_PROBE_BATCH, scaling=None,
    )  # fmt: skip


@cache
def _probe(data: str, program: CellProgram) -> str:
    digest = hashlib.sha256()
    for window in train(program, dataset(data)):
        for metric in sorted(window.values):
            digest.update(window.values[metric].tobytes())
    return digest.hexdigest()


def _said(value: Any) -> Any:
    """Return what differs from the defaults as JSON knows it: a new field with its default changes no key."""
    if isinstance(value, CellProgram):
        said = {field.name: getattr(value, field.name) for field in fields(value)}
        unsaid = {field.name for field in fields(value) if field.default == said[field.name]}
        return {name: _said(item) for name, item in said.items() if name not in unsaid | {"density_grid"}}
    if isinstance(value, BaseModel):
        return [type(value).__name__, value.model_dump(mode="json", exclude_defaults=True)]
    if isinstance(value, dict):
        return {name: _said(item) for name, item in value.items()}
    return [_said(item) for item in _without_last_defaults(value)] if isinstance(value, tuple) else value


def _without_last_defaults(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a named tuple without those last fields that have their defaults, any other tuple as it is."""
    defaults: dict[str, Any] = getattr(value, "_field_defaults", {})
    said = len(value)
    for name in reversed(getattr(value, "_fields", ())):
        if name not in defaults or value[said - 1] != defaults[name]:
            break
        said -= 1
    return value[:said]


class ArrayStore(ResultStore):
    """Results as compressed float32 arrays, one file per key."""

    def load(self, job: Job) -> Result | None:
        """Return the kept result of an equal cell."""
        path = self._path(job)
        if not path.is_file():
            return None
        with np.load(path) as kept:
            names = [name.removeprefix("steps_") for name in kept.files if name.startswith("steps_")]
            diverged_at = tuple(None if at < 0 else int(at) for at in kept["diverged_at"])
            return Result(
                {Metric(name): kept[f"steps_{name}"] for name in names},
                {Metric(name): kept[f"values_{name}"].astype(np.float64) for name in names},
                diverged_at,
                float(kept["seconds"]),
            )

    def save(self, job: Job, result: Result) -> None:
        """Keep a result: whole or not at all, whenever the process dies."""
        arrays: dict[str, Any] = {f"steps_{metric}": steps for metric, steps in result.steps.items()}
        arrays |= {f"values_{metric}": values.astype(np.float32) for metric, values in result.values.items()}
        arrays["diverged_at"] = np.array([-1 if at is None else at for at in result.diverged_at])
        arrays["seconds"] = np.array(result.seconds)
        path = self._path(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.draft")
        with draft.open("wb") as file:
            np.savez_compressed(file, **arrays)
        draft.replace(path)

    def _path(self, job: Job) -> Path:
        return self._folder / f"{job.key()}.npz"
