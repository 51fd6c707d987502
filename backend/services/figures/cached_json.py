"""Figures of an experiment as compressed JSON: one build per state and options, however many viewers.

`build` is imported on first use: Plotly takes longer to import than everything else together.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.measures import Measure
from muscope.backend.errors import InvalidInput
from muscope.backend.figures.names import NEEDED, FigureName
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.figures.options import (
    FigureOptions,
    SharpnessChoice,
    TableOptions,
    reference_arm,
)
from muscope.backend.services.lookup import find_experiment
from muscope.backend.services.marks import read_marks

# Part of every ETag: to be raised when the same data gives another picture.
APPEARANCE_VERSION = 6
_GZIP_LEVEL = 6


class FigureView(NamedTuple):
    """Figure with its meta data as gzip-compressed JSON, and its ETag."""

    compressed: bytes
    etag: str

    def json_bytes(self) -> bytes:
        """Return the uncompressed JSON."""
        return gzip.decompress(self.compressed)


class TableView(NamedTuple):
    """Numbers of a figure, and the name of the experiment that they are of."""

    experiment_name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | None, ...], ...]
    csv: str


def figure_etag(
    context: Context,
    owner_id: str,
    experiment_id: UUID,
    name: FigureName,
    language: str,
    options: FigureOptions,
) -> str:
    """Return the ETag of a figure without building it; it changes with the data and with every option."""
    marks = read_marks(context, owner_id, experiment_id).model_dump(mode="json")
    wish = [APPEARANCE_VERSION, name, language, options.model_dump(mode="json"), marks]
    return hashlib.sha256(json.dumps(wish, sort_keys=True).encode()).hexdigest()[:32]


def build_figure(
    context: Context,
    owner_id: str,
    experiment_id: UUID,
    name: FigureName,
    language: str,
    options: FigureOptions,
) -> FigureView:
    """Return a figure of the values stored now; raises InvalidInput for an unknown choice."""
    etag = figure_etag(context, owner_id, experiment_id, name, language, options)

    def build() -> bytes:
        from muscope.backend.services.figures.build import figure_json

        with context.database.read() as session:
            experiment = find_experiment(session, owner_id, experiment_id)
            _require_known(experiment.spec, options)
            _require_measured(experiment.spec, name, options)
            content = figure_json(context, ExperimentEvidence(session, experiment), name, language, options)
        return gzip.compress(content, _GZIP_LEVEL, mtime=0)

    return FigureView(context.caches.figures.get(etag, build), etag)


def read_table(
    context: Context,
    owner_id: str,
    experiment_id: UUID,
    name: FigureName,
    language: str,
    options: TableOptions,
) -> TableView:
    """Return the numbers that a figure draws; raises InvalidInput for an unknown choice."""
    from muscope.backend.services.figures.build import figure_table

    with context.database.read() as session:
        experiment = find_experiment(session, owner_id, experiment_id)
        _require_known(experiment.spec, options)
        _require_measured(experiment.spec, name, options)
        evidence = ExperimentEvidence(session, experiment)
        title, table = figure_table(context, evidence, name, language, options, is_brief=options.brief)
        return TableView(experiment.name, title, table.columns, table.rows, table.as_csv())


def _require_known(spec: ExperimentSpec, options: FigureOptions) -> None:
    known = [arm.parametrization for arm in spec.arms]
    for given in options.parametrization:
        if given not in known:
            raise InvalidInput("figure.unknown_parametrization", given=given, expected=", ".join(known))
    if options.scenario is not None and options.scenario not in spec.judged_scenarios:
        scenarios = ", ".join(spec.judged_scenarios)
        raise InvalidInput("figure.unknown_scenario", given=options.scenario, expected=scenarios)
    _require_all("width", options.width, spec.widths)
    _require_all("seed", options.seed, spec.seeds)
    if options.depth is not None and options.depth not in spec.depths:
        depths = ", ".join(map(str, spec.depths))
        raise InvalidInput("figure.unknown_depth", given=options.depth, expected=depths)
    last = len(reference_arm(spec).lrs) - 1
    if options.lr_index is not None and options.lr_index > last:
        raise InvalidInput("figure.unknown_lr", given=options.lr_index, last=last)


def _require_all(name: str, given: tuple[int, ...], known: Collection[int]) -> None:
    for value in given:
        if value not in known:
            expected = ", ".join(map(str, known))
            raise InvalidInput(f"figure.unknown_{name}", given=value, expected=expected)


def _require_measured(spec: ExperimentSpec, name: FigureName, options: FigureOptions) -> None:
    needed = NEEDED.get(name)
    if name is FigureName.SHARPNESS and options.sharpness is SharpnessChoice.RAW:
        needed = Measure.RAW_SHARPNESS
    if needed is not None and needed not in spec.measures:
        raise InvalidInput("figure.not_measured", figure=name.value, measure=needed.value)
