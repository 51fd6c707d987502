from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from muscope.worker import device

ROOT = Path(__file__).parents[2]


def test_a_prepared_process_trains_on_one_thread_and_can_be_named_and_timed():
    """In a process of its own: preparing changes settings of the whole process."""
    script = (
        "import sys\nimport torch\nfrom muscope.worker import device\n"
        "name = device.prepare_process()\n"
        "assert 'torch._inductor' not in sys.modules, 'it takes longer to load than all the rest'\n"
        "assert torch.get_num_threads() == 1\n"
        "assert torch.are_deterministic_algorithms_enabled()\n"
        "kernels = torch.backends.cuda\n"
        "assert kernels.math_sdp_enabled() and not kernels.cudnn_sdp_enabled()\n"
        "assert not kernels.flash_sdp_enabled() and not kernels.mem_efficient_sdp_enabled()\n"
        "assert device.free_memory() > 1 << 28\n"
        "assert device.environment_fingerprint()['matmul'] == name\n"
        "speed = device.calibrate()\n"
        "assert 1e8 < speed.flops_per_second < 1e14, speed\n"
        "assert 0 <= speed.seconds_per_run_step < 1e-2, speed\n"
    )

    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def _run(script):
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, check=True)


FAKE_CUDA = """
from types import SimpleNamespace
import torch
from muscope.worker import device
chosen = []
torch.cuda.set_device = chosen.append
torch.cuda.mem_get_info = lambda place: (7 << 30, 8 << 30)
torch.cuda.get_device_properties = lambda place: SimpleNamespace(name="Fake 9000", major=9, minor=0)
"""


def test_a_process_prepared_for_a_gpu_computes_in_true_float32_and_names_the_model():
    _run(
        FAKE_CUDA + "assert device.prepare_process('cuda:1') == 'default'\n"
        "assert [str(each) for each in chosen] == ['cuda:1'] == [str(device.device())]\n"
        "assert torch.get_float32_matmul_precision() == 'highest'\n"
        "assert not torch.backends.cuda.matmul.allow_tf32 and not torch.backends.cudnn.allow_tf32\n"
        "assert not torch.backends.cudnn.benchmark and torch.backends.cudnn.deterministic\n"
        "assert torch.are_deterministic_algorithms_enabled() and torch.get_num_threads() == 1\n"
        "found = device.environment_fingerprint()\n"
        "assert found['device'] == 'cuda' and found['matmul'] == 'default', found\n"
        "assert (found['gpu'], found['compute_capability']) == ('Fake 9000', '9.0'), found\n"
        "assert {'cuda', 'cudnn', 'driver'} <= set(found), found\n"
        "assert device.free_memory() == 7 << 30\n"
    )


@pytest.mark.parametrize(
    ("told", "driver"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5\n", "550.54.15"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release\n", "570.86.15"),
        ("something else\n", ""),
    ],
)
def test_the_drivers_version_is_read_where_the_kernel_tells_it(told, driver):
    assert device.driver_version(told) == driver


@pytest.mark.parametrize("num_gpus", [0, 1, 3])
def test_only_gpus_that_compute_are_visible(num_gpus, monkeypatch):
    monkeypatch.setattr(device, "_computes", lambda name: name != "cuda:1")

    found = device.visible_gpus(lambda: num_gpus)

    assert found == [f"cuda:{index}" for index in range(num_gpus) if index != 1]


@pytest.mark.skipif(torch.cuda.is_available(), reason="here a GPU would compute")
def test_a_gpu_that_cannot_add_is_left_out_with_its_reason(caplog):
    assert device.visible_gpus(lambda: 1) == []
    assert "cuda:0 cannot be used" in caplog.text


def test_the_machines_gpus_are_printed_as_a_list():
    command = (sys.executable, "-m", "muscope.worker.gpus")
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)

    assert json.loads(answer.stdout) == [f"cuda:{index}" for index in range(torch.cuda.device_count())]


def test_the_fingerprint_names_what_can_change_the_last_bits():
    fingerprint = device.environment_fingerprint()

    assert set(fingerprint) == {"torch", "device", "cpu", "cpu_capability", "threads", "dtype", "matmul"}
    assert fingerprint == device.environment_fingerprint()
