"""Finds the devices that the workers of this machine use.

Torch is imported in another process, which takes a few seconds, and only on a machine with a graphics driver.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from muscope.backend.child_processes import FOR_TORCH, child_environment
from muscope.backend.errors import InvalidInput, Unavailable

log = logging.getLogger(__name__)

ASK_SECONDS = 120.0  # a first start of CUDA on a machine with many GPUs
# Made by the drivers of NVIDIA, of AMD (whose torch calls its devices `cuda` too), and of Windows under WSL.
_DRIVER_FILES = (Path("/dev/nvidiactl"), Path("/dev/kfd"), Path("/dev/dxg"))


def find_devices(
    wanted: Sequence[str],
    *,
    has_driver: Callable[[], bool] | None = None,
    list_gpus: Callable[[], list[str]] | None = None,
) -> tuple[str, ...]:
    """Return the devices to start one worker node each on; raises InvalidInput for one that is not there.

    Args:
        wanted: of the setting `devices`: `auto` is every GPU, or the CPU without one; `cuda` is every GPU.
    """
    if tuple(wanted) == ("cpu",):
        return ("cpu",)
    if tuple(wanted) == ("auto",):
        return _found_gpus(has_driver or _has_driver, list_gpus or ask_torch) or ("cpu",)
    gpus = (list_gpus or ask_torch)()
    named = [name for each in wanted for name in (gpus or [each] if each == "cuda" else [each])]
    missing = [name for name in named if name not in (*gpus, "cpu")]
    if missing:
        raise InvalidInput("device_missing", name=missing[0], found=", ".join(["cpu", *gpus]))
    return tuple(dict.fromkeys(named))


def _found_gpus(has_driver: Callable[[], bool], list_gpus: Callable[[], list[str]]) -> tuple[str, ...]:
    if not has_driver():
        return ()
    try:
        return tuple(list_gpus())
    except Unavailable as error:
        log.warning("training on the CPU: %s", error)
        return ()


def _has_driver() -> bool:
    return any(path.exists() for path in _DRIVER_FILES)


def ask_torch() -> list[str]:
    """Have a process with torch name the GPUs it can use; raises Unavailable when it cannot tell."""
    try:
        answer = subprocess.run(
            (sys.executable, "-m", "muscope.worker.gpus"),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=ASK_SECONDS,
            env=child_environment(**FOR_TORCH),
        )
        gpus: list[str] = json.loads(answer.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        raise Unavailable("devices_unknown", reason=str(error)) from error
    return gpus
