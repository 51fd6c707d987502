"""The tiny cell of known result, against a float64 computation of its own and against devices that err."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest
import torch

from muscope.worker import child
from muscope.worker.numerics import trainer
from muscope.worker.training import canary


def test_the_known_losses_are_those_of_float64():
    assert canary.losses(torch.float64) == pytest.approx(canary.KNOWN_LOSSES, rel=1e-6)


def test_this_machine_gives_the_known_losses():
    assert canary.fault_of_device() is None


@pytest.mark.parametrize("factor", [1 + 1e-5, 0.0, float("nan"), float("inf")])
def test_one_wrong_loss_is_told_with_both_values(factor):
    first, second = canary.KNOWN_LOSSES

    told = canary.deviation([first, second * factor])

    assert told is not None
    assert f"!= {second:.9g}" in told
    assert f"!= {first:.9g}" not in told


def test_a_device_that_fails_is_told_of_too(monkeypatch):
    def fail(*_):
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(canary, "train", fail)

    assert "illegal memory access" in str(canary.fault_of_device())


def test_a_product_that_is_a_little_wrong_is_found(monkeypatch):
    def train(program, data):
        data.x_train[0, 0] += 0.01  # one wrong number among 288
        return trainer.train(program, data)

    monkeypatch.setattr(canary, "train", train)

    assert canary.fault_of_device() is not None


def test_a_child_with_a_wrong_device_says_so_and_ends_without_a_cell(monkeypatch):
    said = io.StringIO()
    monkeypatch.setattr(child, "get_settings", lambda: SimpleNamespace(node_device="cpu"))
    monkeypatch.setattr(child, "set_up_logging", lambda _: None)
    monkeypatch.setattr(child, "prepare_process", lambda _: "native")
    monkeypatch.setattr(child, "_reserve_stdout", lambda: said)
    monkeypatch.setattr(child, "_read_requests", lambda _: None)
    monkeypatch.setattr(child, "fault_of_device", lambda: "train_loss 2 != 1")

    child.main()

    reply = json.loads(said.getvalue())
    assert reply["event"] == "unfit"
    assert reply["detail"] == "train_loss 2 != 1"
