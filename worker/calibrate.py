"""Prints a node's training environment, free memory and measured speed as JSON. Imports torch."""

from __future__ import annotations

import json
import os
import sys

from muscope.backend.settings import get_settings

# Behind the services of its node, of whose session it is. Its session does not give way as training's does:
# a node is not there before it, and on a crowded machine that took minutes. The speed is measured in
# processor time, which neighbours do not lengthen.
NICENESS = 15


def main() -> None:
    """Print `{"environment": …, "memory_bytes": …, "calibration": …}`."""
    if sys.platform != "win32":
        os.nice(max(0, NICENESS - os.nice(0)))
    # Loading torch is half of the work, so the priority is lowered first.
    from muscope.worker.device import calibrate, environment_fingerprint, free_memory, prepare_process

    prepare_process(get_settings().node_device)
    found = {"environment": environment_fingerprint(), "memory_bytes": free_memory()}
    measured = calibrate()
    speed = {
        "flops_per_second": measured.flops_per_second,
        "seconds_per_run_step": measured.seconds_per_run_step,
    }
    print(json.dumps(found | {"calibration": speed}))


if __name__ == "__main__":
    main()
