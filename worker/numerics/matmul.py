"""Choice of the matrix-multiplication kernels that are fastest without losing float32 accuracy.

`torch.set_float32_matmul_precision("medium")` routes batched products through oneDNN. Without AMX that is
true float32 and faster than MKL on many CPUs; with AMX, or on a GPU, it may mean bfloat16 or TF32.
"""

from __future__ import annotations

import torch

MAX_RELATIVE_ERROR = 1e-6
ONEDNN = "onednn-medium"
DEFAULT = "default"
# R, rows, inner, columns: one shape of each size class that training and sharpness use.
_PROBE_SHAPES = ((8, 64, 64, 32), (4, 256, 128, 128), (2, 64, 256, 256), (8, 64, 32, 10))


def choose_matmul_backend() -> str:
    """Keep the oneDNN route if its products stay float32-accurate; return the name of what is in use."""
    torch.set_float32_matmul_precision("medium")
    if bmm_error() <= MAX_RELATIVE_ERROR:
        return ONEDNN
    torch.set_float32_matmul_precision("highest")
    return DEFAULT


def matmul_backend() -> str:
    """Return the name of the route in use."""
    return ONEDNN if torch.get_float32_matmul_precision() == "medium" else DEFAULT


def bmm_error() -> float:
    """Return the largest error of batched products against float64, relative to the largest entry."""
    return max(_probe(*shape) for shape in _PROBE_SHAPES)


def _probe(num_runs: int, rows: int, inner: int, columns: int) -> float:
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(num_runs, rows, inner, generator=generator)
    right = torch.randn(num_runs, inner, columns, generator=generator)
    exact = torch.bmm(left.double(), right.double())
    error = (torch.bmm(left, right).double() - exact).abs().max() / exact.abs().max()
    return float(error)
