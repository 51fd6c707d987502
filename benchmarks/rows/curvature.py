"""Single sharpness and kernel values: number of products, seconds, errors."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from benchmarks import programs
from benchmarks.peer import Peer
from benchmarks.report import RowResult
from benchmarks.timing import alternate, one_core, seconds
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.curvature.measures import KERNEL_BLOCK, KERNEL_STEPS
from muscope.worker.numerics.linalg.block_lanczos import top_eigenpairs
from muscope.worker.numerics.linalg.lanczos import StoppingRule
from muscope.worker.numerics.networks.residual_mlp.derivatives import ResidualMlpHessian
from muscope.worker.numerics.randomness import sharpness_indices
from muscope.worker.numerics.trainer import train

HVPS_GOAL, ERROR_GOAL = 5.0, 1e-3
ONE_VALUE = {64: (30, 20.0), 512: (3, 14.0)}
NTK_GOAL, NTK_SAMPLES, NTK_WIDTHS = 50.0, 64, (256,)
TOLERANCE = 1e-3


def hvps() -> RowResult:
    """Count products per sharpness value over whole runs, with every value judged in float64."""
    table = [
        ["arm, width", "values", "HVPs a value", "median error", "p95 error", "over 1e-2", "of these flagged"]
    ]
    counts: list[int] = []
    errors: list[Any] = []
    for arm in programs.ARMS:
        for width in (64, 128):
            with programs.watching(with_exact=True) as watch:
                program = programs.program(arm, width, programs.LRS[::2], (0,))
                for _ in train(program, programs.data()):
                    pass
            error, bad = watch.errors(), watch.errors() > 1e-2
            flagged = int((bad & ~np.array(watch.is_converged)).sum())
            table.append(
                [
                    f"{arm}, {width}",
                    str(len(error)),
                    f"{np.mean(watch.num_products):.2f}",
                    f"{np.median(error):.1e}",
                    f"{np.quantile(error, 0.95):.1e}",
                    f"{bad.sum()} ({bad.mean():.1%})",
                    f"{flagged}",
                ]
            )
            counts += watch.num_products
            errors.append(error)
    p95 = float(np.quantile(np.concatenate(errors), 0.95))
    mean = float(np.mean(counts))
    met = mean <= HVPS_GOAL and p95 <= ERROR_GOAL
    notes = [f"Against SciPy's cold Lanczos in float64, residual 1e-4; p95 of all values {p95:.1e}."]
    return RowResult(f"{mean:.2f}@p95={p95:.1e}", f"{HVPS_GOAL:g}@p95={ERROR_GOAL:g}", met, table, notes)


def one_value() -> RowResult:
    """Compare one value inside a running experiment with one value by curvlinops and SciPy's eigsh."""
    table = [["width (runs)", "ours, ms a value", "curvlinops + eigsh, ms", "ratio", "goal", "values"]]
    ratios, met = [], True
    with one_core(), TemporaryDirectory() as folder, Peer("torch_curvature", threads=1) as peer:
        for width, (num_runs, goal) in ONE_VALUE.items():
            with programs.watching(with_exact=False) as watch:
                lrs, seeds = programs.LRS[3:6], range(num_runs // 3)
                program = programs.program(Parametrization.MUP, width, lrs, seeds, num_steps=100)
                for _ in train(program, programs.data()):
                    pass
            path = save_weights(watch, folder)
            ask = {"do": "eigenvalue", "path": path, "tolerance": TOLERANCE, "threads": 1}
            answers = [peer.ask(**ask) for _ in range(4)][1:]
            ours, theirs = float(np.median(watch.seconds)), float(np.median([a["seconds"] for a in answers]))
            ratios.append(f"{theirs / ours:.0f}")
            met &= theirs / ours >= goal
            row = [
                f"{width} ({num_runs})",
                f"{ours * 1e3:.2f}",
                f"{theirs * 1e3:.1f}",
                f"{theirs / ours:.1f}",
            ]
            table.append([*row, f"{goal:g}", f"{watch.value[-num_runs]:.4f}, {answers[-1]['value']:.4f}"])
    goals = "/".join(f"{goal:g}" for _, goal in ONE_VALUE.values())
    notes = [
        "One thread, one core. Ours is the median measurement of a training stack, warm starts and audits."
    ]
    return RowResult("/".join(ratios), goals, met, table, notes)


def ntk() -> RowResult:
    """Compare the factorised kernel's top eigenvalue with a Jacobian by `jacrev`, on the same samples."""
    table = [["width", "ours, ms", "jacrev, ms", "ratio", "values"]]
    ratios = []
    with one_core(), TemporaryDirectory() as folder, Peer("torch_curvature", threads=1) as peer:
        for width in NTK_WIDTHS:
            with programs.watching(with_exact=False) as watch:
                program = programs.program(Parametrization.MUP, width, (0.25,), (0,), num_steps=20)
                for _ in train(program, programs.data()):
                    pass
            ask = {
                "do": "kernel",
                "path": save_weights(watch, folder),
                "num_samples": NTK_SAMPLES,
                "threads": 1,
            }
            answers: list[dict[str, Any]] = []

            def theirs(ask: dict[str, Any] = ask, answers: list[dict[str, Any]] = answers) -> float:
                answers.append(peer.ask(**ask))
                return float(answers[-1]["seconds"])

            value = our_kernel_value(watch)
            ours, jacrev = alternate(partial(our_seconds, watch), theirs, rounds=3)
            ratios.append(jacrev / ours)
            row = [str(width), f"{ours * 1e3:.1f}", f"{jacrev * 1e3:.0f}", f"{ratios[-1]:.0f}"]
            table.append([*row, f"{value:.5f}, {answers[-1]['value']:.5f}"])
    notes = [f"{NTK_SAMPLES} samples, 10 outputs, one thread. Ours includes the pass through the network."]
    return RowResult(f"{min(ratios):.0f}", f"{NTK_GOAL:g}", min(ratios) >= NTK_GOAL, table, notes)


def our_seconds(watch: programs.Watch) -> float:
    """Return the processor seconds of one kernel value."""
    return seconds(lambda: our_kernel_value(watch))


def our_kernel_value(watch: programs.Watch) -> float:
    """Return the largest eigenvalue of the kernel of the watched run, as an experiment measures it."""
    seen = watch.hessian
    assert seen is not None
    chosen = sharpness_indices(0, 1437, programs.SAMPLES)[:NTK_SAMPLES]
    y_RBC = torch.nn.functional.one_hot(programs.data().y_train[chosen], 10).float()
    x_RBD = programs.data().x_train[None, chosen]
    hessian = ResidualMlpHessian.at(seen.network, seen.params, x_RBD, y_RBC, seen.loss)
    kernel = hessian.tangent_kernel(0)
    start_MP = torch.randn(KERNEL_BLOCK, len(kernel), generator=torch.Generator().manual_seed(0))
    rule = StoppingRule(TOLERANCE, 1, KERNEL_STEPS)
    return float(top_eigenpairs(lambda v: v @ kernel, start_MP, 5, rule).value_K[0])


def save_weights(watch: programs.Watch, folder: str) -> str:
    """Write the first run's weights in the form whose plain Hessian is C^½ H C^½: w / √C under A √C."""
    seen = watch.hessian
    assert seen is not None
    roots = {name: seen.network.scaling[name].lr_mult ** 0.5 for name in watch.weights}
    mults = []
    for name, root in roots.items():
        branch = seen.network.branch_mult if name.startswith("block") else 1.0
        mults.append(seen.network.scaling[name].forward_mult * branch * root)
    path = Path(folder) / "weights.npz"
    weights = {name: (weight[0] / roots[name]).numpy() for name, weight in watch.weights.items()}
    chosen = sharpness_indices(0, 1437, programs.SAMPLES)
    arrays = {name: array[chosen] for name, array in programs.digits().items()}
    named: dict[str, Any] = {"mults": np.array(mults), **arrays, **weights}
    np.savez(path, **named)
    return str(path)
