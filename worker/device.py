"""Device of this process: preparation for deterministic training, fingerprint, calibration of its speed."""

from __future__ import annotations

import ctypes
import hashlib
import logging
import math
import os
import platform
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from muscope.backend.domain.cost.effort import Sized
from muscope.backend.domain.cost.prediction import Calibration
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.matmul import choose_matmul_backend, matmul_backend
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.trainer import train

log = logging.getLogger(__name__)

DTYPE = torch.float32
_CALIBRATION_BATCH = 64
# At least this share of a narrow step is overhead; the speed is at most so much above that of wide steps.
LEAST_OVERHEAD_SHARE, MOST_GAIN = 0.1, 1.3
_CALIBRATION_SHAPE = DatasetShape(
    task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=256, num_val=64
)
_DRIVER_FILE = Path("/proc/driver/nvidia/version")  # not there under WSL
# Numbers of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_device = torch.device("cpu")


def visible_gpus(num_gpus: Callable[[], int] = torch.cuda.device_count) -> list[str]:
    """Name the GPUs that this build of torch sees and that compute: `cuda:0`, `cuda:1`, …

    Meant for a process of its own: asking makes it a CUDA process, which must not fork afterwards.
    """
    return [name for name in (f"cuda:{index}" for index in range(num_gpus())) if _computes(name)]


def _computes(name: str) -> bool:
    """Add one and one there: a GPU too old for this build of torch, or out of memory, is of no use."""
    try:
        return float(torch.ones(1, device=name).add_(1)) == 2.0
    except (RuntimeError, AssertionError, torch.cuda.DeferredCudaCallError) as error:
        log.warning("%s cannot be used: %s", name, error)
        return False


def prepare_process(name: str = "cpu") -> str:
    """Make this process train deterministically on a device and one thread; return its matmul backend.

    Processes, not threads, fill the cores: two OpenMP threads collapse when a neighbour takes a core.
    """
    global _device
    _device = torch.device(name)
    torch.set_num_threads(1)
    # `use_deterministic_algorithms` sets the same and loads torch's compiler: a second for nothing here.
    torch.set_deterministic_debug_mode("error")
    # Deterministic mode would otherwise fill every `empty` with NaN.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    # Vanishing softmax tails become denormals, which are many times slower on x86.
    torch.set_flush_denormal(True)
    _attend_by_matrix_products()
    _keep_freed_memory()
    if _device.type == "cpu":
        return choose_matmul_backend()
    _use_true_float32()
    torch.cuda.set_device(_device)
    return matmul_backend()


def _attend_by_matrix_products() -> None:
    """Leave only the attention kernel that has second derivatives, and the same bits every time."""
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.cuda.enable_mem_efficient_sdp(False)
    torch.backends.cuda.enable_cudnn_sdp(False)
    torch.backends.cuda.enable_math_sdp(True)


def _keep_freed_memory() -> None:
    """Let glibc keep up to 1 GiB that was freed: getting it back from the kernel page by page costs up to
    half of a step of stacked language models (docs/log.md, 2026-11-24). Elsewhere nothing happens.
    """
    if sys.platform != "linux":
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if set_option is not None:
        set_option(_M_MMAP_THRESHOLD, 32 << 20)  # the largest glibc takes
        set_option(_M_TRIM_THRESHOLD, 1 << 30)


def _use_true_float32() -> None:
    """Forbid TF32, whose 10-bit mantissa is coarser than the sharpness we look for, and timed choices."""
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


def device() -> torch.device:
    """Return the device runs train on: the one this process was prepared for."""
    return _device


def free_memory() -> int:
    """Return the bytes this device has left for training: a GPU's free memory, a machine's whole memory."""
    if _device.type == "cpu":
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(torch.cuda.mem_get_info(_device)[0])


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
    } | (_gpu_fingerprint() if device().type == "cuda" else {})


def _gpu_fingerprint() -> dict[str, str]:
    """Name the model, not the slot: equal cards give equal bits."""
    properties = torch.cuda.get_device_properties(_device)
    return {
        "gpu": properties.name,
        "compute_capability": f"{properties.major}.{properties.minor}",
        "cuda": str(torch.version.cuda),
        "cudnn": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]
        "driver": driver_version(_DRIVER_FILE.read_text()) if _DRIVER_FILE.exists() else "",
    }


def driver_version(told: str) -> str:
    """Return the number of NVIDIA's kernel module from what it tells; empty where it tells another thing."""
    found = re.search(r"Kernel Module(?: for \S+)?\s+(\S+)", told)
    return found[1] if found else ""


# A neighbour that comes and goes must not be taken for the device.
CALIBRATION_TURNS = 3


def calibrate() -> Calibration:
    """Time a short training of a narrow and of a wide stack by turns, in a few seconds; the fastest count.

    Seconds per run and step are modelled as `muscope.backend.domain.cost.prediction` predicts them, flops /
    speed + overhead: two timings give the two unknowns.
    """
    # A few wide runs fill a core; a GPU would wait for its next kernel.
    num_wide = 6 if _device.type == "cpu" else 45
    turns = [
        (
            _time_step(width=32, num_runs=32, num_steps=120),
            _time_step(width=256, num_runs=num_wide, num_steps=60),
        )
        for _ in range(CALIBRATION_TURNS)
    ]
    narrow, wide = (min(timings, key=lambda timing: timing.seconds) for timings in zip(*turns, strict=True))
    # Two equations; a neighbour's burst must not make the overhead negative or the speed absurd.
    work, seconds = wide.flops - narrow.flops, wide.seconds - narrow.seconds
    flops_per_second = min(work / seconds if seconds > 0 else math.inf, MOST_GAIN * wide.flops / wide.seconds)
    overhead = max(narrow.seconds - narrow.flops / flops_per_second, LEAST_OVERHEAD_SHARE * narrow.seconds)
    return Calibration(flops_per_second=flops_per_second, seconds_per_run_step=overhead)


@dataclass(frozen=True)
class _Timing:
    """Of one run and step."""

    flops: float
    seconds: float


def _clock() -> float:
    """Return seconds: a core's own, which a neighbour does not lengthen, or those a GPU is waited for."""
    return time.process_time() if _device.type == "cpu" else time.perf_counter()


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
        has_curvature=False,  # no measurement is timed
    )
    windows = train(program, _calibration_data())
    next(windows)
    seconds = []
    for _ in range(num_steps // program.chunk_steps - 1):
        started = _clock()
        next(windows)
        seconds.append(_clock() - started)
    sized = Sized(program.model, _CALIBRATION_SHAPE.dims, width, program.depth)
    # Of the fastest: what neighbours take of a core's memory is learned from cells, and may end.
    undisturbed = sorted(seconds)[len(seconds) // 8]
    return _Timing(sized.step_flops(_CALIBRATION_BATCH), undisturbed / (num_runs * program.chunk_steps))


def _calibration_data() -> TrainingData:
    shape = _CALIBRATION_SHAPE
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape.num_train, shape.num_features, generator=generator, dtype=DTYPE)
    y = torch.randint(shape.num_outputs, (shape.num_train,), generator=generator)
    x, y = x.to(device()), y.to(device())
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
