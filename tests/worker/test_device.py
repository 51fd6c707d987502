from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from worker import device

ROOT = Path(__file__).parents[2]


def test_a_prepared_process_trains_on_one_thread_and_can_be_named_and_timed():
    """In a process of its own: preparing changes settings of the whole process."""
    script = (
        "import torch\nfrom worker import device\n"
        "name = device.prepare_process()\n"
        "assert torch.get_num_threads() == 1\n"
        "assert torch.are_deterministic_algorithms_enabled()\n"
        "assert device.environment_fingerprint()['matmul'] == name\n"
        "speed = device.calibrate()\n"
        "assert 1e8 < speed.flops_per_second < 1e14, speed\n"
        "assert 0 <= speed.seconds_per_run_step < 1e-2, speed\n"
    )

    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_the_fingerprint_names_what_can_change_the_last_bits():
    fingerprint = device.environment_fingerprint()

    assert set(fingerprint) == {"torch", "device", "cpu", "cpu_capability", "threads", "dtype", "matmul"}
    assert fingerprint == device.environment_fingerprint()
