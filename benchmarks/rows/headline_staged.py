"""Headline with the default protocol: the staged and the settled verdict against the user loop's full grid.

`headline_settled` asks two tasks, digits at two lengths of training, until the answer is decided, with eight
seeds and the settle stage; `headline_staged` compares with the verdict of our own full grid.

µP and its control NTP, five seeds, widths 64 to 512, nine LRs, 300 steps, sharpness every 10. The user loop
knows no verdict: its full grid is timed from sampled runs. Which verdict a full grid gives is found with our
own trainer, whose sharpness is at least as exact (headline_full).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks import programs
from benchmarks.peer import Peer
from benchmarks.protocol_run import Outcome, Slots, run_experiment
from benchmarks.report import RowResult
from benchmarks.rows.training import save_digits
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec, Loss, Protocol
from muscope.backend.domain.spec.judging.decision import Settle
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.verdict.verdict import Outcome as Verdicts

GOAL = 20.0
WIDTHS = (64, 128, 256, 512)
SEEDS = (0, 1, 2, 3, 4)
SETTLED_SEEDS = tuple(range(8))
ARMS = (Parametrization.MUP, Parametrization.NTP)
# The user loop runs a stratified sample of every cell, scaled up.
SAMPLED_LRS, SAMPLED_SEED = (1, 4, 7), 0
SHAPE = DatasetShape(task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=1437, num_val=360)


@dataclass(frozen=True)
class Measured:
    """Wall times of the turns of ours, the experiments, and the user loop's seconds by width."""

    staged: Sequence[Outcome]
    full: Outcome
    loop: dict[int, float]

    @property
    def ours(self) -> float:
        """Return the median wall time of the staged experiment."""
        return float(np.median([one.wall for one in self.staged]))

    @property
    def is_same_verdict(self) -> bool:
        """Tell whether every turn answers as the full grid does, at the same rate."""
        answers = {(one.verdict.outcome, one.verdict.arm.base_lr) for one in (*self.staged, self.full)}
        return len(answers) == 1


def spec_of(
    protocol: Protocol, widths: Sequence[int], seeds: Sequence[int], num_steps: int
) -> ExperimentSpec:
    """Return the headline experiment under a protocol."""
    return ExperimentSpec(
        dataset_sha256="0" * 64,
        arms=tuple(Arm(parametrization=arm, lrs=programs.LRS) for arm in ARMS),
        widths=tuple(widths),
        depths=(programs.DEPTH,),
        base_width=programs.BASE_WIDTH,
        seeds=tuple(seeds),
        loss=Loss.CROSS_ENTROPY,
        batch_size=programs.BATCH,
        num_steps=num_steps,
        measure_every=programs.MEASURE_EVERY,
        sharpness_batch_size=programs.SAMPLES,
        protocol=protocol,
    )


def staged() -> RowResult:
    """Time both, and see that the answer is the same."""
    slots = os.cpu_count() or 1
    of_stages = spec_of(Protocol.STAGED, WIDTHS, SEEDS, programs.NUM_STEPS)
    of_grid = spec_of(Protocol.FULL, WIDTHS, SEEDS, programs.NUM_STEPS)
    with TemporaryDirectory() as folder, Peer("user_loop", threads=2) as peer:
        data = save_digits(folder)
        with Slots(slots, programs.data) as workers:
            turns = [run_experiment(of_stages, SHAPE, workers)]
            loop = {width: _loop_seconds(peer, data, width) for width in WIDTHS}
            turns.append(run_experiment(of_stages, SHAPE, workers))
            full = run_experiment(of_grid, SHAPE, workers)
    return row(Measured(turns, full, loop), slots)


def settled() -> RowResult:
    """Time the settle stage to a decided answer, on two tasks, against the user loop's grid."""
    slots, rows, table, notes = (
        os.cpu_count() or 1,
        [],
        [["steps", "settled, s", "user loop, s", "ratio"]],
        [],
    )
    with TemporaryDirectory() as folder, Peer("user_loop", threads=2) as peer:
        data = save_digits(folder)
        with Slots(slots, programs.data) as workers:
            for num_steps in (programs.NUM_STEPS, 2 * programs.NUM_STEPS):
                spec = spec_of(Protocol.STAGED, WIDTHS, SETTLED_SEEDS, num_steps)
                spec = spec.model_copy(update={"settle": Settle()})
                loop = sum(_loop_seconds(peer, data, width, num_steps=num_steps) for width in WIDTHS)
                loop *= len(SETTLED_SEEDS) / len(SEEDS)
                found = run_experiment(spec, SHAPE, workers)
                rows.append((loop / found.wall, found.verdict.outcome is not Verdicts.INCONCLUSIVE))
                numbers = (f"{found.wall:.1f}", f"{loop:.1f}", f"{loop / found.wall:.1f}")
                table.append([str(num_steps), *numbers])
                notes.append(f"{num_steps} steps: {_answer(found)}.")
    worst = min(ratio for ratio, _ in rows)
    is_decided = all(decided for _, decided in rows)
    return RowResult(f"{worst:.1f}", f"{GOAL:g}", worst >= GOAL and is_decided, table, notes)


def row(measured: Measured, slots: int) -> RowResult:
    """Return what was measured as a row of the page."""
    loop = sum(measured.loop.values())
    last, ratio = measured.staged[-1], loop / measured.ours
    table = [["width", "staged, s of one process", "runs", "of which with sharpness", "user loop, s"]]
    for width in measured.loop:
        cells = [(cell, seconds) for cell, seconds in last.cells if cell.width == width]
        runs, curved = (
            sum(len(cell.runs) for cell, _ in cells if cell.has_curvature or not only)
            for only in (False, True)
        )
        own = sum(seconds for _, seconds in cells)
        table.append([str(width), f"{own:.1f}", str(runs), str(curved), f"{measured.loop[width]:.1f}"])
    table.append(["wall, all", f"{measured.ours:.1f} ({slots} processes × 1 thread)", "", "", f"{loop:.1f}"])
    num_runs = len(measured.loop) * len(ARMS) * len(programs.LRS) * len(SEEDS)
    notes = [
        f"Full grid: {num_runs} runs, µP and NTP, 9 LRs, 5 seeds, depth 3, 300 steps, sharpness every 10 on "
        "256. User loop: LRs 1, 4 and 7 of the 9 and one of the seeds were run, and counted fifteen times.",
        f"Staged: {_answer(last)}. Full grid, by our trainer in {measured.full.wall:.1f} s: "
        f"{_answer(measured.full)}. The same: {'yes' if measured.is_same_verdict else 'no'}.",
    ]
    met = ratio >= GOAL and measured.is_same_verdict
    return RowResult(f"{ratio:.1f}", f"{GOAL:g}", met, table, notes)


def _answer(outcome: Outcome) -> str:
    verdict = outcome.verdict
    control = verdict.control.outcome if verdict.control is not None else "not judged"
    return f"{verdict.outcome} ({verdict.rule}), LR {verdict.arm.base_lr}, control {control}"


def _loop_seconds(peer: Peer, data: str, width: int, *, num_steps: int = programs.NUM_STEPS) -> float:
    """Return what the user loop needs for all runs of a width, with the seeds of `headline_staged`."""
    seconds = [
        float(
            peer.ask(
                do="run", data=data, arm=arm, width=width, lr=programs.LRS[index], seed=SAMPLED_SEED,
                steps=num_steps, every=programs.MEASURE_EVERY, threads=2, exact=False,
            )["seconds"]
        )
        for arm in ARMS
        for index in SAMPLED_LRS
    ]  # fmt: skip
    return sum(seconds) * len(programs.LRS) * len(SEEDS) / len(SAMPLED_LRS)
