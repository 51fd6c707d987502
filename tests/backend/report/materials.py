"""Material of reports: golden sweeps, judged and looked ahead, with everything around them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from muscope.backend.analysis.advice.look_ahead import look_ahead
from muscope.backend.analysis.advice.reliability import shipped_record
from muscope.backend.analysis.sweep import Sweep
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.analysis.verdict.overall import overall
from muscope.backend.domain.cost.savings import Assumptions, Gain, Savings, compare
from muscope.backend.domain.lifecycle import ExperimentState
from muscope.backend.domain.spec.dataset import (
    ColumnKind,
    ColumnProfile,
    DatasetShape,
    DataWarning,
    Decision,
    FittedColumn,
    Preprocessing,
    Profile,
    Task,
)
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.money import Currency
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.figures.encode import to_json
from muscope.backend.figures.lr_loss import lr_loss_figure
from muscope.backend.figures.theme import Style
from muscope.backend.report.material import DrawnFigure, Material, RunCounts, StudiedData
from tests.backend.analysis.sweeps import parabolas, spec_of
from tests.backend.analysis.verdict.judged_cases import CASES
from tests.backend.figures.infos import lr_loss_info

NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
MUP, NTP = Parametrization.MUP, Parametrization.NTP
SHAPE = DatasetShape(task=Task.REGRESSION, num_features=4, num_outputs=1, num_train=80, num_val=20)
PROFILE = Profile(
    num_rows=100,
    num_rows_in_file=103,
    label="sales",
    columns=(
        ColumnProfile(name="id", kind=ColumnKind.NUMERIC, num_distinct=100, left_out="identifier"),
        ColumnProfile(name="shop", kind=ColumnKind.CATEGORICAL, num_distinct=3, num_missing=2),
        ColumnProfile(name="sales", kind=ColumnKind.NUMERIC, num_distinct=90, is_label=True),
    ),
    decisions=(
        Decision(option="task", value="regression"),
        Decision(option="split", value="random"),
        Decision(option="header", value="1", is_guessed=False),
        Decision(option="missing", value=""),
        Decision(option="log_target", value="false"),
    ),
    warnings=(DataWarning(code="dataset.duplicate_rows", params={"count": 3, "percent": 3.0}),),
)
FITTED = Preprocessing(
    columns=(
        FittedColumn(column="shop", levels=("a", "b", "?")),
        FittedColumn(column="size", mean=1.5, std=0.5, median=1.4),
    ),
    label_mean=20.0,
    label_scale=4.0,
)
DATA = StudiedData(name="sales.csv", sha256="cd" * 32, shape=SHAPE, profile=PROFILE, preprocessing=FITTED)
ASSUMED = Assumptions(
    target_width=256, num_lrs=9, num_seeds=5, num_steps=100, hours_per_run=0.1, poc_hours=0.5,
    rate_per_hour=300.0, staff_rate=6000.0, currency=Currency.JPY,
)  # fmt: skip
GAIN = Gain(
    metric=Metric.VAL_ACCURACY, base_width=32, width=256, base_value=0.8, value=0.9, gain=0.1,
    more_device_hours=0.5, gain_per_device_hour=0.2,
)  # fmt: skip


def savings(**changes: Any) -> Savings:
    """Return a saving of some hours; assumptions may be changed."""
    assumed = ASSUMED.model_copy(update=changes)
    return compare(
        assumed, target_run_seconds=1000.0, spent_seconds=9000.0, slowness=1.1, is_final=True, gains=(GAIN,)
    )


def judged(
    sweep: Sweep,
    control: Sweep | None = None,
    *,
    scenario: Scenario = Scenario.AS_GIVEN,
    is_interim: bool = False,
    **spec_changes: Any,
) -> tuple[ExperimentSpec, Verdict]:
    """Return the spec of a sweep and its verdict with an outlook."""
    arms: dict[Parametrization, Sequence[Sweep]] = {MUP: [sweep]}
    if control is not None:
        arms[NTP] = [control]
    spec = spec_of(sweep, *arms).model_copy(update=spec_changes)
    verdict = judge(spec, scenario, arms, is_interim=is_interim)
    found = look_ahead(spec.under(scenario), verdict, [sweep], record=shipped_record(), seconds_per_run=20.0)
    return spec, verdict.model_copy(update={"outlook": found})


@cache
def case(rule: str, *, has_control: bool) -> tuple[ExperimentSpec, Verdict]:
    """Return the golden case of a rule; beside it a control that does not transfer."""
    sweep, _ = CASES[rule]
    control = parabolas(slope=-1.0, num_seeds=sweep.num_seeds) if has_control else None
    if control is not None and control.sizes != sweep.sizes:
        control = sweep
    return judged(sweep, control)


def material(spec: ExperimentSpec, *verdicts: Verdict, **changes: Any) -> Material:
    """Return the material of an ended experiment with these verdicts; fields may be changed."""
    fields: dict[str, Any] = {
        "name": "Sales forecast",
        "state": ExperimentState.COMPLETED,
        "stop_reason": None,
        "created_at": NOW,
        "started_at": NOW + timedelta(minutes=1),
        "finished_at": NOW + timedelta(hours=2),
        "spec": spec,
        "spec_sha256": spec.sha256(),
        "data": DATA,
        "verdicts": verdicts,
        "overall": overall(list(verdicts)),
        "is_judged_by_old_rules": False,
        "savings": savings(),
        "runs": RunCounts(planned=180, ended=180, diverged=4, failed=0),
        "figures": (),
        "environments": ({"torch": "2.13.0", "device": "cpu"},),
        "version": "0.1.0",
    }
    return Material(**fields | changes)


@cache
def drawn(language: str) -> DrawnFigure:
    """Return a figure as the page has it."""
    content = json.loads(to_json(lr_loss_figure(lr_loss_info(), Style(language)), {}))["figure"]
    return DrawnFigure(name="lr_loss", title="Final loss", description="One line per width.", content=content)
