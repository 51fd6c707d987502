"""Residual MLP against a vmapped and scanned JAX program of the same work, one thread each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks import programs
from benchmarks.peer import Peer
from benchmarks.report import RowResult
from benchmarks.rows.training import ROUNDS, WIDTHS, our_turn, save_digits
from benchmarks.timing import alternate, one_core, seconds
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.networks.residual_mlp.derivatives import ResidualMlpHessian
from muscope.worker.numerics.trainer import train

NARROW_GOAL, WIDE_GOAL, PRODUCT_GOAL = 0.6, 1.0, 1.0
WIDE = 128


def residual_mlp() -> RowResult:
    """Compare a training step and a Hessian-vector product, by width."""
    table = [["width (runs)", "what", "ours, µs a run", "JAX, µs", "ratio", "goal"]]
    steps, products, met = [], [], True
    with one_core(), TemporaryDirectory() as folder, Peer("jax_mlp", threads=1) as peer:
        data = save_digits(folder)
        for width, (num_runs, num_steps, _) in WIDTHS.items():
            mine = our_turn(width, num_runs, num_steps, ROUNDS)
            step = {"do": "step", "data": data, "width": width, "num_runs": num_runs, "steps": num_steps}
            product = {"do": "product", "data": data, "width": width, "num_runs": num_runs}

            their_step = partial(_seconds_of, peer, step | {"batch": programs.BATCH})
            their_product = partial(_seconds_of, peer, product | {"repeats": 5, "samples": programs.SAMPLES})

            goal = WIDE_GOAL if width >= WIDE else NARROW_GOAL
            ours, theirs = alternate(mine, their_step, rounds=ROUNDS)
            steps.append(theirs / ours)
            met &= steps[-1] >= goal
            table.append(_row(width, num_runs, "step", ours, theirs, goal))
            ours, theirs = alternate(our_product_turn(width, num_runs), their_product, rounds=ROUNDS)
            products.append(theirs / ours)
            met &= products[-1] >= PRODUCT_GOAL
            table.append(_row(width, num_runs, "HVP", ours, theirs, PRODUCT_GOAL))
    value = ";".join("/".join(f"{ratio:.2f}" for ratio in side) for side in (steps, products))
    goals = ["/".join(f"{WIDE_GOAL if w >= WIDE else NARROW_GOAL:g}" for w in WIDTHS), f"{PRODUCT_GOAL:g}"]
    notes = ["Value: steps by width; HVPs by width. JAX's compilation is not counted."]
    return RowResult(value, ";".join(goals), met, table, notes)


def _seconds_of(peer: Peer, request: dict[str, Any]) -> float:
    return float(peer.ask(**request)["seconds"])


def our_product_turn(width: int, num_runs: int) -> Callable[[], float]:
    """Return a turn of normalised products on a stack of what a sub-stack holds; seconds per run."""
    with programs.watching(with_exact=False) as watch:
        program = programs.program(Parametrization.MUP, width, (0.05,), range(num_runs), num_steps=1)
        next(train(program, programs.data()))
    hessian = watch.hessian
    assert isinstance(hessian, ResidualMlpHessian)
    in_stack = len(hessian.g_f_RBC)
    size = sum(weight[0].numel() for weight in hessian.params.values())
    v_RP = torch.nn.functional.normalize(torch.randn(in_stack, size), dim=1)

    def turn() -> float:
        def repeat() -> None:
            w_RP = v_RP
            for _ in range(5):
                w_RP = torch.nn.functional.normalize(hessian.matvec(w_RP), dim=1)

        return seconds(repeat) / (5 * in_stack)

    turn()
    return turn


def _row(width: int, num_runs: int, what: str, ours: float, theirs: float, goal: float) -> list[str]:
    figures = [f"{ours * 1e6:.0f}", f"{theirs * 1e6:.0f}", f"{theirs / ours:.2f}", f"{goal:g}"]
    return [f"{width} ({num_runs})", what, *figures]
