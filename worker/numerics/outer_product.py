"""Batched products with a factor folded in, and gradients kept as the outer products they are.

Legend: R runs, B batch.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


def scaled_product(left: Tensor, right: Tensor, factor: float) -> Tensor:
    """Return factor · left right, [R, rows, columns], in one pass over the result."""
    # With β = 0 the kernel never reads what it writes to.
    result = left.new_empty(left.shape[0], left.shape[1], right.shape[2])
    return result.baddbmm_(left, right, beta=0, alpha=factor)


class OuterProduct(NamedTuple):
    """factor · leftᵀ right of every run: the gradient of a weight, unformed. [R, B, n_in], [R, B, n_out]."""

    left: Tensor
    right: Tensor
    factor: float

    def dense(self) -> Tensor:
        """Return the gradient, [R, n_in, n_out]."""
        return scaled_product(self.left.mT, self.right, self.factor)

    def descend_(self, weight: Tensor, lr_R11: Tensor, scale: float) -> None:
        """Take w ← w - lr · scale · gradient in the product itself: the weights are read and written once."""
        weight.baddbmm_(self.left.mT, self.right * lr_R11, alpha=-scale * self.factor)
