from __future__ import annotations

import pytest
import torch

from muscope.worker.numerics import matmul


@pytest.fixture(autouse=True)
def _restore_precision():
    before = torch.get_float32_matmul_precision()
    yield
    torch.set_float32_matmul_precision(before)


def test_a_fast_route_that_is_exact_enough_is_kept(monkeypatch):
    monkeypatch.setattr(matmul, "bmm_error", lambda: 4e-7)

    assert matmul.choose_matmul_backend() == matmul.matmul_backend() == "onednn-medium"
    assert torch.get_float32_matmul_precision() == "medium"


def test_a_route_that_loses_accuracy_is_left(monkeypatch):
    monkeypatch.setattr(matmul, "bmm_error", lambda: 3e-3)

    assert matmul.choose_matmul_backend() == matmul.matmul_backend() == "default"
    assert torch.get_float32_matmul_precision() == "highest"


def test_whatever_is_chosen_is_accurate():
    matmul.choose_matmul_backend()

    assert matmul.bmm_error() <= matmul.MAX_RELATIVE_ERROR
