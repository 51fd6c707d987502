"""Prints a node's training environment, free memory and measured speed as JSON. Imports torch."""

from __future__ import annotations

import json

from muscope.backend.child_processes import end_with_parent
from muscope.backend.settings import get_settings
from muscope.worker.device import calibrate, environment_fingerprint, free_memory, prepare_process


def main() -> None:
    """Print `{"environment": …, "memory_bytes": …, "calibration": …}`."""
    end_with_parent()
    prepare_process(get_settings().node_device)
    found = {"environment": environment_fingerprint(), "memory_bytes": free_memory()}
    measured = calibrate()  # in processor time, which neighbours do not lengthen
    speed = {
        "flops_per_second": measured.flops_per_second,
        "seconds_per_run_step": measured.seconds_per_run_step,
    }
    print(json.dumps(found | {"calibration": speed}))


if __name__ == "__main__":
    main()
