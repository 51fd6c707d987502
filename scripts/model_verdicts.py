"""Verdicts of the example models in docs/examples/models, each trained at toy size.

`python -m scripts.model_verdicts` trains them and writes what is answered into the guides of both languages;
a test trains them again and compares.
"""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from benchmarks.protocol_run import Board, CellResult
from muscope.backend.analysis.sweep import Values
from muscope.backend.analysis.verdict.headline import deciding_size
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.arrays import read_arrays
from muscope.backend.domain.brought.question import DescribeQuestion
from muscope.backend.domain.plan.defaults import default_loss, has_own_loss
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, Loss, Protocol
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.statement import Estimate
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.report.words.answer import title
from muscope.backend.report.words.say import Words
from muscope.worker.brought.describe.describe import describe
from muscope.worker.brought.loading import load_model
from muscope.worker.brought.training.family import brought_family
from muscope.worker.numerics.program import CellProgram, TrainingData, Window
from muscope.worker.numerics.trainer import train

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "docs" / "examples" / "models"
LANGUAGES = ("en", "ja")
NUM_RATES, SEEDS, NUM_STEPS = 7, (0, 1, 2), 16
OPTIMIZER = OptimizerSpec.model_validate("adam")


class Example(NamedTuple):
    """One example: its name, its file, log2 of its lowest rate, and what is replaced in its source."""

    title: str
    file: str
    lowest_log2_lr: int
    replaced: tuple[str, str] = ("", "")

    @property
    def source(self) -> str:
        """Return the text of the file; raises ValueError where what is to be replaced is missing."""
        found = (MODELS / self.file).read_text(encoding="utf-8")
        old, new = self.replaced
        if old and old not in found:
            raise ValueError(f"{self.file} has no {old}")
        return found.replace(old, new) if old else found


EXAMPLES = (
    Example("ResNet, GroupNorm", "resnet.py", -8),
    Example("ResNet, BatchNorm", "resnet.py", -8, ('NORM = "group"', 'NORM = "batch"')),
    Example("Llama", "llama.py", -8),
    Example("LSTM", "lstm.py", -6),
    Example("U-Net", "unet.py", -8),
)


def verdict_of(example: Example) -> Verdict:
    """Train an example under µP at three widths and judge it as the product does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.py"
        path.write_text(example.source, encoding="utf-8")
        arrays = path.with_suffix(".arrays")
        found = describe(DescribeQuestion(network="own", path=str(path), sha256="0" * 64, arrays=str(arrays)))
        stored, _ = read_arrays(arrays)
        x_train, y_train, x_val, y_val = (
            torch.tensor(stored[name]) for name in ("x_train", "y_train", "x_val", "y_val")
        )
        shape = found.own_data
        data = TrainingData(x_train, y_train, x_val, y_val, shape.task, shape.num_outputs)
        spec = _spec(example, found.family, data.task)
        board = Board(spec)
        for planned in full_grid(spec):
            cell = dataclasses.replace(planned, has_curvature=False)
            family = brought_family(load_model(path), found.family, cell.width, cell.depth)
            program = CellProgram.from_spec(spec, cell, chunk_steps=NUM_STEPS + 1)
            (window,) = train(program, data, family)
            board.add(cell, CellResult(_doubles(window), tuple(window.diverged_at), 0.0))
    return judge(spec, Scenario.AS_GIVEN, board.sweeps(), is_interim=False)


def _spec(example: Example, family: Brought, task: Task) -> ExperimentSpec:
    lrs = tuple(2.0 ** (example.lowest_log2_lr + index) for index in range(NUM_RATES))
    return ExperimentSpec(
        dataset_sha256="0" * 64,
        model=family,
        arms=(Arm(parametrization=Parametrization.MUP, lrs=lrs),),
        widths=(*family.sizes[:2], family.sizes[3]),
        depths=(family.tables[0].depth,),
        base_width=family.sizes[0],
        seeds=SEEDS,
        loss=Loss.OWN if has_own_loss(family) else default_loss(task),
        optimizer=OPTIMIZER,
        batch_size=16,
        num_steps=NUM_STEPS,
        measure_every=NUM_STEPS,
        sharpness_batch_size=16,
        protocol=Protocol.FULL,
    )


def _doubles(window: Window) -> dict[Metric, Values]:
    return {metric: array.astype(np.float64) for metric, array in window.values.items()}


def row_of(example: Example, verdict: Verdict, language: str) -> str:
    """Return an example's row: the card's headline, the rate reused and the best, the cost and its limit."""
    words = Words(language)
    deciding, size = verdict.deciding, deciding_size(verdict.arm)
    best = size.losses[0].optimal_lr if size is not None and size.losses else None
    cells = [
        example.title,
        title(verdict, words),
        _rate(verdict.arm.base_lr),
        _rate(best),
        "–" if deciding is None else _share(deciding.cost),
        "–" if deciding is None else f"{100 * deciding.limit:.1f}%",
    ]
    return f"| {' | '.join(cells)} |"


def _share(cost: Estimate) -> str:
    """Return a cost of reuse in percent with its interval."""
    if cost.value is None:
        return "–"
    of = cost.interval
    band = "" if of is None else f" [{100 * of.low:.2f}, {100 * of.high:.2f}]"
    return f"{100 * cost.value:.2f}%{band}"


def _rate(rate: float | None) -> str:
    return "–" if rate is None else f"2^{round(np.log2(rate))}"


def with_row(guide: str, example: Example, row: str) -> str:
    """Return a guide with another row of an example; raises ValueError where its table has none of it."""
    lines = guide.split("\n")
    places = [at for at, line in enumerate(lines) if line.startswith(f"| {example.title} |")]
    if len(places) != 1:
        raise ValueError(f"{len(places)} rows of {example.title}")
    lines[places[0]] = row
    return "\n".join(lines)


def main() -> None:
    """Write the verdicts into the guides."""
    torch.set_num_threads(1)
    for example in EXAMPLES:
        verdict = verdict_of(example)
        for language in LANGUAGES:
            path = guide_of(language)
            row = row_of(example, verdict, language)
            path.write_text(with_row(path.read_text(encoding="utf-8"), example, row), encoding="utf-8")


def guide_of(language: str) -> Path:
    """Return the guide that has the table."""
    return ROOT / "docs" / "site" / language / "own-model.md"


if __name__ == "__main__":
    main()
