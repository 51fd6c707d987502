"""Input layout of the two-layer convolutional net: pixels ordered so that it needs products and maxima only.

The second convolution steps by 4 and is 3 wide, so that no position it reads belongs to two of its patches,
and some positions of the first convolution belong to none: they are never computed. One look-up of pixels
arranges what is left so that pools and patches are plain dimensions, [Q2, Q1, S, K, J] with

    Q2 positions of a pool after the second convolution     K positions of the second convolution's kernel
    Q1 positions of a pool after the first                  J numbers under the first convolution's kernel
    S  positions that the readout sees

Legend as in `derivatives.py`; R runs, B batch, D inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.backend.domain.spec.dataset import ImageShape
from muscope.backend.domain.spec.families.convnet import FIRST_STRIDE, SECOND_STRIDE

KERNEL_SIDE = 3
OUTSIDE = -1


@dataclass(frozen=True)
class InputLayout:
    """Position in the image of each number the net reads, and the rows of the second kernel that meet any.

    Attributes:
        index: position in the flat image, [Q2 · Q1 · S · K · J]; the image's size means a zero outside of it.
        sizes: Q2, Q1, S, K, J.
        kernel: those of the 9 positions of the second kernel that ever lie inside, [K].
    """

    index: Tensor
    sizes: tuple[int, int, int, int, int]
    kernel: Tensor

    def of(self, x_RBD: Tensor) -> Tensor:
        """Return [R, B · Q2 · Q1 · S · K, J]; the R of an expanded batch stays expanded."""
        num_runs = x_RBD.shape[0]
        if num_runs > 1 and x_RBD.stride(0) == 0:
            return self.of(x_RBD[:1]).expand(num_runs, -1, -1)
        padded = torch.nn.functional.pad(x_RBD, (0, 1))
        index = self.index.to(x_RBD.device).expand(*x_RBD.shape[:2], -1)
        return padded.gather(2, index).view(num_runs, -1, self.sizes[-1])


@lru_cache(maxsize=8)
def input_layout_of(image: ImageShape) -> InputLayout:
    """Return the input layout of images of this shape."""
    rows, columns = _axis(image.height), _axis(image.width)
    # [q2, q1, s, k, j] of the rows beside [q2, q1, s, k, j] of the columns, then the channels.
    row = rows.pixel[:, None, :, None, :, None, :, None, :, None, None]
    column = columns.pixel[None, :, None, :, None, :, None, :, None, :, None]
    flat = (row * image.width + column) * image.channels + np.arange(image.channels)
    is_outside = (row == OUTSIDE) | (column == OUTSIDE)
    index = np.where(is_outside, image.num_features, flat)
    pairs = [rows.pixel.shape[axis] * columns.pixel.shape[axis] for axis in range(5)]
    kernel = (rows.kernel[:, None] * KERNEL_SIDE + columns.kernel).ravel()
    sizes = (pairs[0], pairs[1], pairs[2], pairs[3], pairs[4] * image.channels)
    return InputLayout(torch.from_numpy(index.ravel()), sizes, torch.from_numpy(kernel))


class _Axis(NamedTuple):
    """Of one axis: the pixel of every [q2, q1, s, k, j], and the kernel positions k that lie inside."""

    pixel: NDArray[np.int64]
    kernel: NDArray[np.int64]


def _axis(size: int) -> _Axis:
    first = (size - 1) // FIRST_STRIDE + 1
    pool_1 = min(2, first)
    between = first // pool_1
    second = (between - 1) // SECOND_STRIDE + 1
    pool_2 = min(2, second)
    steps = [np.arange(n) for n in (pool_2, pool_1, second // pool_2, KERNEL_SIDE, KERNEL_SIDE)]
    q2, q1, s, k, j = np.meshgrid(*steps, indexing="ij")
    pooled = (s * pool_2 + q2) * SECOND_STRIDE + k - 1
    pixel = (pooled * pool_1 + q1) * FIRST_STRIDE + j - 1
    is_outside = (pooled < 0) | (pooled >= between) | (pixel < 0) | (pixel >= size)
    (kernel,) = np.nonzero(~((pooled < 0) | (pooled >= between)).all((0, 1, 2, 4)))
    return _Axis(np.where(is_outside, OUTSIDE, pixel)[:, :, :, kernel], kernel)
