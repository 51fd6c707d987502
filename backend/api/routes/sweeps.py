"""Judgement of learning-rate sweeps that were run elsewhere."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from muscope.backend.api.documented import errors
from muscope.backend.services.sweeps import judging
from muscope.backend.services.sweeps.judging import SweepRequest
from muscope.backend.sweeps.answers.answer import SweepAnswer

router = APIRouter(prefix="/sweeps", tags=["sweeps"])

_WIDTHS, _LRS = (128, 256), (0.0005, 0.001, 0.002, 0.004)
_LOSSES = ((3.21, 3.12, 3.10, 3.15), (3.05, 2.97, 2.96, 3.02))
_EXAMPLES: dict[str, Any] = {
    "widths": {
        "summary": "Two widths, four learning rates, one run each",
        "value": {
            "rows": [
                {"width": width, "lr": lr, "loss": loss}
                for width, losses in zip(_WIDTHS, _LOSSES, strict=True)
                for lr, loss in zip(_LRS, losses, strict=True)
            ]
        },
    },
    "named_columns": {
        "summary": "Columns with names of their own, as lists",
        "value": {
            "table": {
                "units": [128, 128, 128, 256, 256, 256],
                "eta": [0.001, 0.002, 0.004, 0.001, 0.002, 0.004],
                "score": [3.12, 3.1, 3.15, 2.97, 2.96, "nan"],
            },
            "columns": {"width": "units", "lr": "eta", "loss": "score"},
        },
    },
}


@router.post("/judge", summary="Judge a sweep that was run elsewhere", responses=errors(403, 413))
def judge_sweep(body: Annotated[SweepRequest, Body(openapi_examples=_EXAMPLES)]) -> SweepAnswer:
    """Say for every arm and every axis that was varied whether the learning rate may be reused.

    Nothing is trained and nothing is kept. `exit_code` is the one of `muscope judge`; `next_runs` of each
    axis are the cheapest runs that would settle it. A column whose role is not clear is asked about with 400.
    """
    return judging.judge_sweep(body)
