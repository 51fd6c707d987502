"""The conv net against its user loop, and against the paper's algorithm in JAX."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch

from backend.domain.dataset import ImageShape, Task
from backend.domain.families.convnet import ConvNet
from backend.domain.parametrization import Parametrization
from tests.benchmarks import programs
from tests.benchmarks.peer import Peer
from tests.benchmarks.report import RowResult
from tests.benchmarks.timing import one_core
from worker.numerics.program import CellProgram, TrainingData
from worker.numerics.trainer import train

WIDTHS = (16, 64, 256)
LRS, SEEDS = (0.02, 0.05, 0.1), (0, 1, 2, 3)
STEPS, EVERY = 20, 10
FAMILY_BATCH, FAMILY_PROBE = 64, 256
DEFAULT_GOAL, TUNED_GOAL = 6.0, 4.0
AUTHORS_BATCH, AUTHORS_PROBE, AUTHORS_GOAL = 128, 32, 8.0


def families() -> RowResult:
    """Compare training with sharpness every ten steps; the attention models have no row yet."""
    table = [["conv, width", "ours, s a run", "user loop, s", "ratio", "channels-last, s", "ratio"]]
    defaults, tuneds = [], []
    with one_core(), Peer("conv_loop", threads=1) as peer:
        for width in WIDTHS:
            ours, _, _ = our_cell(width, FAMILY_BATCH, FAMILY_PROBE)
            ask = {
                "width": width,
                "steps": STEPS,
                "every": EVERY,
                "batch": FAMILY_BATCH,
                "probe": FAMILY_PROBE,
            }
            loop, last = (peer.ask(do="run", **ask, is_tuned=tuned)["seconds"] for tuned in (False, True))
            defaults.append(loop / ours)
            tuneds.append(last / ours)
            figures = [f"{ours:.2f}", f"{loop:.2f}", f"{loop / ours:.1f}", f"{last:.2f}"]
            table.append([str(width), *figures, f"{last / ours:.1f}"])
    met = False  # not before ViT and GPT are measured too
    value = f"conv:{min(defaults):.1f}/{min(tuneds):.1f};vit,gpt:unmeasured"
    notes = [
        f"12 runs, 32 × 32 × 3 images, {STEPS} steps of {FAMILY_BATCH}, sharpness every {EVERY}. "
        "One thread, one turn a side. ViT and GPT are not compared yet."
    ]
    return RowResult(value, f"conv:{DEFAULT_GOAL:g}/{TUNED_GOAL:g};vit,gpt:3/1.5", met, table, notes)


def authors() -> RowResult:
    """Compare a step and a sharpness value with the paper's algorithm, on a CPU."""
    table = [["width", "what", "ours, ms", "JAX, ms", "ratio"]]
    ratios = []
    with one_core(), Peer("jax_conv", threads=1) as peer:
        for width in WIDTHS:
            _, step, value = our_cell(width, AUTHORS_BATCH, AUTHORS_PROBE, LRS[:1])
            answer = peer.ask(do="measure", width=width, steps=5, batch=AUTHORS_BATCH, probe=AUTHORS_PROBE)
            for what, ours, theirs in (("step", step, answer["step"]), ("sharpness", value, answer["value"])):
                ratios.append(theirs / ours)
                figures = [f"{ours * 1e3:.1f}", f"{theirs * 1e3:.1f}", f"{ratios[-1]:.1f}"]
                table.append([str(width), what, *figures])
    notes = [
        "On a CPU, one thread. The peer is our re-implementation of the authors' algorithm (their script has "
        f"no licence): batch {AUTHORS_BATCH}, probe {AUTHORS_PROBE} images, 10 warm power iterations."
    ]
    value_of = "/".join(f"{ratio:.1f}" for ratio in ratios)
    return RowResult(value_of, f"{AUTHORS_GOAL:g}", min(ratios) >= AUTHORS_GOAL, table, notes)


def our_cell(width: int, batch: int, probe: int, lrs: Sequence[float] = LRS) -> tuple[float, float, float]:
    """Train a cell; return processor seconds of a run, of its step and of one sharpness value."""
    changes = {"model": ConvNet(), "depth": 1, "num_steps": STEPS, "measure_every": EVERY}
    changes |= {
        "chunk_steps": STEPS + 1,
        "batch_size": batch,
        "sharpness_batch_size": probe,
        "base_width": WIDTHS[0],
    }
    program: CellProgram = programs.program(Parametrization.MUP, width, lrs, SEEDS, **changes)
    num_runs = len(program.runs)
    with programs.watching(with_exact=False) as watch:
        started = time.process_time()
        for _ in train(program, images()):
            pass
        total = (time.process_time() - started) / num_runs
    values_per_run = len(watch.value) / num_runs
    value = float(np.median(watch.seconds))
    return total, max(total - values_per_run * value, 0.0) / (STEPS + 1), value


def images() -> TrainingData:
    """Return random images: what they show does not change how long a step takes."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(512, 32 * 32 * 3, generator=generator)
    y = torch.randint(10, (512,), generator=generator)
    shape = ImageShape(height=32, width=32, channels=3)
    return TrainingData(x, y, x[:64], y[:64], Task.CLASSIFICATION, 10, image=shape)
