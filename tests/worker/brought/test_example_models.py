"""The example models of docs/examples/models: described, and trained under µP at toy size."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from tests.worker.brought.toys import write
from tests.worker.brought.trained import described, program, trained

MODELS = Path(__file__).resolve().parents[3] / "docs" / "examples" / "models"


@pytest.mark.parametrize("name", ["lstm", "llama", "unet", "resnet"])
def test_an_example_trains_under_mup_and_its_sharpness_is_measured(name: str, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    source = (MODELS / f"{name}.py").read_text(encoding="utf-8")
    path = write(tmp_path, source, "own.py")
    found, data = described(path)
    planned = program(
        found.family,
        data,
        width=found.family.sizes[1],
        parametrization=Parametrization.MUP,
        has_curvature=True,
        optimizer=OptimizerSpec.model_validate("adam"),
        runs=(PlannedRun(0, 0.01, 0), PlannedRun(0, 0.01, 1)),
    )
    values = trained(path, planned, data).values
    assert (values[Metric.VAL_LOSS][-1] < values[Metric.VAL_LOSS][0]).all()
    assert (values[Metric.SHARPNESS][1:] > 0).all()
