"""Training alone, one thread against one thread: the user loop, and the machine's own limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from benchmarks import programs
from benchmarks.peer import Peer
from benchmarks.report import RowResult
from benchmarks.timing import alternate, one_core, seconds
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.program import Window
from muscope.worker.numerics.trainer import train

# Runs of a cell, steps of a turn, goal against the loop; the runs are those of the design's prototype.
WIDTHS = {32: (60, 40, 4.0), 64: (30, 40, 4.0), 128: (16, 40, 2.5), 256: (8, 30, 1.8), 512: (4, 15, 1.8)}
ROUNDS = 7
GEMM_SHARE_GOAL = 0.7
GEMM_SIZE = 1024


def our_turn(width: int, num_runs: int, steps: int, rounds: int) -> Callable[[], float]:
    """Return a turn: train one window of `steps` without a measurement; seconds per step and run."""
    num_steps = steps * (rounds + 3)
    program = programs.program(
        Parametrization.MUP,
        width,
        (0.05,),
        range(num_runs),
        num_steps=num_steps,
        measure_every=num_steps,
        chunk_steps=steps,
        sharpness_tolerance=0.5,
    )
    windows: Iterator[Window] = train(program, programs.data())
    next(windows)
    return lambda: seconds(lambda: next(windows)) / (steps * num_runs)


def save_digits(folder: str) -> str:
    """Write the digits where a peer can read them."""
    path = Path(folder) / "digits.npz"
    np.savez(path, x=programs.digits()["x"], y=programs.digits()["y"])
    return str(path)


def train_rate() -> RowResult:
    """Compare a training step of a run in a stack with a step of the user loop, by width."""
    table = [["width (runs)", "ours, µs per step and run", "user loop, µs", "ratio", "goal"]]
    ratios, met = [], True
    with one_core(), TemporaryDirectory() as folder, Peer("user_loop", threads=1) as peer:
        data = save_digits(folder)
        for width, (num_runs, steps, goal) in WIDTHS.items():
            mine = our_turn(width, num_runs, steps, ROUNDS)
            loop_steps = max(20, 12800 // width)

            def theirs(width: int = width, steps: int = loop_steps) -> float:
                answer = peer.ask(do="train_rate", data=data, width=width, steps=steps, threads=1)
                return float(answer["seconds"])

            ours, loop = alternate(mine, theirs, rounds=ROUNDS)
            ratios.append(f"{loop / ours:.1f}")
            met &= loop / ours >= goal
            row = [f"{width} ({num_runs})", f"{ours * 1e6:.0f}", f"{loop * 1e6:.0f}"]
            table.append([*row, f"{loop / ours:.2f}", f"{goal}"])
    goals = "/".join(f"{goal:g}" for _, _, goal in WIDTHS.values())
    return RowResult("/".join(ratios), goals, met, table, [f"One thread, one core, {ROUNDS} rounds."])


def gemm_share() -> RowResult:
    """Compare the flops of training with what the best matrix product of this core reaches."""
    table = [["width (runs)", "training, GF/s", "best product, GF/s", "share"]]
    shares = []
    with one_core():
        for width in (256, 512):
            num_runs, steps, _ = WIDTHS[width]
            mine = our_turn(width, num_runs, steps, ROUNDS)
            step, peak = alternate(mine, best_product, rounds=ROUNDS)
            rate = train_flops(width) / step
            shares.append(rate / peak)
            table.append(
                [f"{width} ({num_runs})", f"{rate / 1e9:.0f}", f"{peak / 1e9:.0f}", f"{shares[-1]:.0%}"]
            )
    notes = [
        f"Best of {GEMM_SIZE}³ products of torch's kernels in the mode training uses, float32, one core."
    ]
    met = min(shares) >= GEMM_SHARE_GOAL
    return RowResult(f"{min(shares):.0%}", f"{GEMM_SHARE_GOAL:.0%}", met, table, notes)


def train_flops(width: int) -> float:
    """Count a run's multiplications and additions in one step; the inputs' gradient is never needed."""
    first, rest = 64 * width, programs.DEPTH * width * width + width * 10
    return 2.0 * programs.BATCH * (2 * first + 3 * rest)


def best_product() -> float:
    """Return the flops a second of the fastest of a few large products."""
    left, right = torch.randn(2, GEMM_SIZE, GEMM_SIZE)
    best = min(seconds(lambda: torch.mm(left, right)) for _ in range(3))
    return 2.0 * GEMM_SIZE**3 / best
