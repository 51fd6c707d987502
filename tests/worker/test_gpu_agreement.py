"""CPU and GPU train and measure the same: on a machine with a GPU, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from muscope.backend.child_processes import FOR_TORCH

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
ROOT = Path(__file__).resolve().parents[2]
# Trains on the device named, in the dtype named; prints losses and sharpness.
TRAIN = """
import json, sys
import torch
from tests import cases
from muscope.worker.device import device, prepare_process
from muscope.worker.numerics.trainer import train
prepare_process(sys.argv[1])
data = cases.moved(cases.classification(getattr(torch, sys.argv[2])), device())
program = cases.program(width=64, num_steps=30, measure_every=10, sharpness_tolerance=1e-6)
windows = list(train(program, data))
metrics = windows[0].values
print(json.dumps({m: sum((w.values[m].tolist() for w in windows if m in w.values), []) for m in metrics}))
"""


def _trained(device: str, dtype: str) -> dict[str, list[list[float]]]:
    answer = subprocess.run(
        (sys.executable, "-c", TRAIN, device, dtype),
        cwd=ROOT,
        env=os.environ | FOR_TORCH,
        check=True,
        capture_output=True,
        text=True,
    )
    values: dict[str, list[list[float]]] = json.loads(answer.stdout.splitlines()[-1])
    return values


@pytest.mark.parametrize(
    ("dtype", "loss_error", "sharpness_error"),
    # Values are stored as float32, which bounds what float64 can show.
    [("float32", 1e-4, 1e-3), ("float64", 1e-6, 1e-5)],
)
def test_losses_and_sharpness_agree(dtype, loss_error, sharpness_error):
    on_cpu, on_gpu = (_trained(device, dtype) for device in ("cpu", "cuda:0"))

    np.testing.assert_allclose(on_gpu["train_loss"], on_cpu["train_loss"], rtol=loss_error)
    np.testing.assert_allclose(on_gpu["val_loss"], on_cpu["val_loss"], rtol=loss_error)
    np.testing.assert_allclose(on_gpu["sharpness"], on_cpu["sharpness"], rtol=sharpness_error)


def test_a_gpu_repeats_itself_to_the_last_bit():
    first, second = (_trained("cuda:0", "float32") for _ in range(2))

    assert first == second
