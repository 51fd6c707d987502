"""Material of an experiment's report: what its page and REST show, gathered once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from uuid import UUID

from muscope.backend.arrays import read_arrays
from muscope.backend.db import datasets as dataset_rows
from muscope.backend.db.schema.tables import DatasetRow
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.spec.dataset import Preprocessing
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import RULE_VERSIONS, Outcome, Verdict
from muscope.backend.figures.names import FigureName
from muscope.backend.report.material import DrawnFigure, Material, RunCounts, StudiedData
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.figures.options import FigureOptions
from muscope.backend.services.lookup import find_experiment
from muscope.backend.services.verdicts.judging import get_verdicts
from muscope.backend.services.verdicts.savings import SavingsRequest, get_savings

# The figures that carry the answer; the page has them all.
SHOWN = (FigureName.LR_LOSS, FigureName.OPTIMUM_SIZE, FigureName.LOSS, FigureName.SHARPNESS)
_ENDED = frozenset({CellState.COMPLETED})
_WITHOUT_RESULT = frozenset({CellState.FAILED, CellState.CANCELLED})


def gather(
    context: Context, owner_id: str, experiment_id: UUID, language: str, assumed: SavingsRequest
) -> Material:
    """Return the material, with the figures in one language; raises NotFound."""
    judged = get_verdicts(context, owner_id, experiment_id)
    savings = get_savings(context, owner_id, experiment_id, assumed)
    with context.database.read() as session:
        row = find_experiment(session, owner_id, experiment_id)
        evidence = ExperimentEvidence(session, row)
        dataset = dataset_rows.get(session, owner_id, row.dataset_id)
        assert dataset is not None, "a dataset in use is not deleted"
        verdict = next(each for each in judged.verdicts if each.scenario == judged.overall.scenario)
        return Material(
            name=row.name,
            state=row.state,
            stop_reason=row.stop_reason,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            spec=row.spec,
            spec_sha256=row.spec_sha256,
            data=_data(context, dataset),
            verdicts=judged.verdicts,
            overall=judged.overall,
            is_judged_by_old_rules=any(each.rule_version not in RULE_VERSIONS for each in judged.verdicts),
            savings=savings,
            runs=_runs(evidence),
            figures=tuple(_figures(context, evidence, verdict, language)),
            environments=_environments(evidence),
            version=version("muscope"),
        )


def _data(context: Context, row: DatasetRow) -> StudiedData:
    path = context.blobs.path(row.arrays_sha256)
    fitted = read_arrays(path)[1].get("preprocessing") if path.is_file() else None
    return StudiedData(
        name=row.name,
        sha256=row.arrays_sha256,
        shape=row.shape,
        profile=row.profile,
        preprocessing=None if fitted is None else Preprocessing.model_validate(fitted),
    )


def _runs(evidence: ExperimentEvidence) -> RunCounts:
    states = {cell.id: cell.state for cell in evidence.cells}
    ended = [run for run in evidence.runs if states[run.cell_id] in _ENDED]
    return RunCounts(
        planned=max(evidence.experiment.num_runs, len(ended)),
        ended=len(ended),
        diverged=sum(run.diverged_at is not None for run in ended),
        failed=sum(states[run.cell_id] in _WITHOUT_RESULT for run in evidence.runs),
    )


def _environments(evidence: ExperimentEvidence) -> tuple[dict[str, str | int | float], ...]:
    """Return each environment once: programs of all cells, in the order of the grid."""
    found = {json.dumps(cell.environment, sort_keys=True) for cell in evidence.cells if cell.environment}
    return tuple(json.loads(each) for each in sorted(found))


def _figures(
    context: Context, evidence: ExperimentEvidence, verdict: Verdict, language: str
) -> Iterator[DrawnFigure]:
    # Plotly takes longer to import than everything else together.
    from muscope.backend.services.figures.build import figure_json

    names: tuple[FigureName, ...] = SHOWN
    if verdict.outcome is Outcome.SHARPNESS_DRIFTS:
        names = (*SHOWN, FigureName.SHARPNESS_SPREAD)
    # The rest by default is what decides: its loss, and the rate that is reused or compared at.
    options = FigureOptions(scenario=Scenario(verdict.scenario))
    for name in names:
        content = json.loads(figure_json(context, evidence, name, language, options))
        meta = content["meta"]
        yield DrawnFigure(
            name=name, title=meta["title"], description=meta["description"], content=content["figure"]
        )
