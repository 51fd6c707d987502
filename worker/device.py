"""The device a worker trains on: how its process is prepared, named and timed. The one file that knows."""

from __future__ import annotations

import hashlib
import platform
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from backend.domain.cost import TRAIN_PASSES, Calibration
from backend.domain.dataset import DatasetShape, Task
from backend.domain.experiment import Loss
from backend.domain.families.residual_mlp import ResidualMLP
from backend.domain.grid import PlannedRun
from backend.domain.parametrization import Parametrization
from worker.numerics.matmul import choose_matmul_backend, matmul_backend
from worker.numerics.program import CellProgram, TrainingData
from worker.numerics.trainer import train

DTYPE = torch.float32
_CALIBRATION_BATCH = 64
_CALIBRATION_SHAPE = DatasetShape(
    task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=256, num_val=64
)


def prepare_process() -> str:
    """Make this process train deterministically on one thread; return the matmul backend it uses.

    Processes, not threads, fill the cores: two OpenMP threads collapse when a neighbour takes a core.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    # Deterministic mode would otherwise fill every `empty` with NaN.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    # Vanishing softmax tails become denormals, which are many times slower on x86.
    torch.set_flush_denormal(True)
    return choose_matmul_backend()


def device() -> torch.device:
    """Return the device runs train on."""
    return torch.device("cpu")


def environment_fingerprint() -> dict[str, str]:
    """Name everything outside spec and data that may change the last bits of a result."""
    return {
        "torch": torch.__version__,
        "device": device().type,
        "cpu": _cpu_hash(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "threads": str(torch.get_num_threads()),
        "dtype": str(DTYPE).removeprefix("torch."),
        "matmul": matmul_backend(),
    }


def calibrate() -> Calibration:
    """Time a short training of a narrow and of a wide stack, in about a second.

    Seconds per run and step are modelled as overhead + flops / speed, as `backend.domain.cost` predicts them.
    The wide stack alone gives the speed: a burst of a neighbour makes it slower, never absurdly fast.
    """
    narrow = _time_step(width=32, num_runs=32, num_steps=120)
    wide = _time_step(width=256, num_runs=6, num_steps=60)
    flops_per_second = wide.flops / wide.seconds
    overhead = max(narrow.seconds - narrow.flops / flops_per_second, 0.0)
    return Calibration(flops_per_second=flops_per_second, seconds_per_run_step=overhead)


@dataclass(frozen=True)
class _Timing:
    """Of one run and step."""

    flops: float
    seconds: float


def _time_step(*, width: int, num_runs: int, num_steps: int) -> _Timing:
    """Time the windows that hold no measurement: all but the first and the last."""
    program = CellProgram(
        parametrization=Parametrization.MUP,
        width=width,
        depth=3,
        base_width=width,
        model=ResidualMLP(),
        loss=Loss.CROSS_ENTROPY,
        runs=tuple(PlannedRun(0, 0.1, seed) for seed in range(num_runs)),
        num_steps=num_steps,
        measure_every=num_steps,
        chunk_steps=10,
        batch_size=_CALIBRATION_BATCH,
        sharpness_batch_size=_CALIBRATION_BATCH,
        sharpness_tolerance=0.5,
    )
    windows = train(program, _calibration_data())
    next(windows)
    seconds = []
    for _ in range(num_steps // program.chunk_steps - 1):
        started = time.perf_counter()
        next(windows)
        seconds.append(time.perf_counter() - started)
    forward = program.model.forward_flops(_CALIBRATION_SHAPE.dims, width, program.depth)
    flops = TRAIN_PASSES * forward * _CALIBRATION_BATCH
    # The median: a neighbour's burst is not this machine's speed.
    return _Timing(flops, sorted(seconds)[len(seconds) // 2] / (num_runs * program.chunk_steps))


def _calibration_data() -> TrainingData:
    shape = _CALIBRATION_SHAPE
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape.num_train, shape.num_features, generator=generator, dtype=DTYPE)
    y = torch.randint(shape.num_outputs, (shape.num_train,), generator=generator)
    x_val, y_val = x[: shape.num_val], y[: shape.num_val]
    return TrainingData(x, y, x_val, y_val, shape.task, shape.num_outputs)


def _cpu_hash() -> str:
    """Hash model and instruction flags, which decide the kernels a library picks."""
    lines = [platform.machine(), platform.processor()]
    info = Path("/proc/cpuinfo")
    if info.exists():
        wanted = ("vendor_id", "cpu family", "model", "flags", "Features")
        first_core = info.read_text().split("\n\n")[0].splitlines()
        lines += [line for line in first_core if line.startswith(wanted)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
