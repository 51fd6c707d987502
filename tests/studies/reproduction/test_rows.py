"""Every row is judged on made-up results: a mistake must not show after half an hour of training."""

from __future__ import annotations

import numpy as np
import pytest

from muscope.backend.domain.spec.measures import measured_metrics
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from studies.cells.jobs import Result
from studies.page.figures import draw
from studies.reproduction.rows.registry import ROWS

ALWAYS = (Metric.TRAIN_LOSS, Metric.VAL_LOSS, Metric.SHARPNESS)


def made_up(job):
    """Return curves that fall from 2 to 1, with a little noise, for every run of the cell."""
    rng = np.random.default_rng(job.program.width + job.program.depth)
    steps, values = {}, {}
    for metric in (*ALWAYS, *measured_metrics(job.program.measures)):
        at = np.array(job.program.schedule.metric_steps(metric, 0))
        components = METRIC_INFO[metric].num_components
        noise = rng.uniform(0.9, 1.1, (len(at), len(job.program.runs), components))
        curve = 1 + np.exp(-at / 50)[:, None, None] * noise
        steps[metric], values[metric] = at, curve if components > 1 else curve[..., 0]
    return Result(steps, values, (None,) * len(job.program.runs), 1.0)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_a_row_asks_for_no_more_after_two_stages_and_can_be_judged_and_drawn(row, tmp_path):
    results: dict[str, Result] = {}
    for _ in range(2):
        results |= {job.key(): made_up(job) for job in row.plan(results)}
    assert {job.key() for job in row.plan(results)} == set(results)

    checks, panels = row.judge(results)

    assert len(checks) >= 2
    assert all(check.text and check.why_not and np.isfinite(check.measured) for check in checks)
    assert panels
    if row.name == "f2":
        draw(panels, tmp_path / "figure.svg")
        assert (tmp_path / "figure.svg").stat().st_size < 150_000
