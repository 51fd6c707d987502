"""Numbers of training examples a scenario leaves; plan and training both use them (ADR 0022)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.scenario import Scenario, ScenarioKind

# Within this of a whole number, a product of a count and a share is that number with rounding error.
_ROUNDING = 1e-9


def num_subsampled(num_train: int, share: float) -> int:
    """Return the number of examples a subsample keeps: the rounded share, at least one."""
    return max(1, round(share * num_train))


def subsampled_per_class(counts: Sequence[int], share: float) -> list[int]:
    """Return how many examples of every class a stratified subsample keeps: largest remainders.

    They add up to `num_subsampled`; every class with examples keeps one as long as the total allows it.
    """
    total = num_subsampled(sum(counts), share)
    quotas = [count * total / sum(counts) for count in counts]
    kept = [math.floor(quota + _ROUNDING) for quota in quotas]
    by_remainder = sorted(range(len(counts)), key=lambda index: kept[index] - quotas[index])
    for index in by_remainder[: total - sum(kept)]:
        kept[index] += 1
    lost = [index for index, count in enumerate(counts) if count and not kept[index]]
    for index in lost:
        largest = max(range(len(counts)), key=lambda each: kept[each])
        if kept[largest] > 1:
            kept[largest], kept[index] = kept[largest] - 1, 1
    return kept


def imbalance_shares(num_classes: int, rarest: float) -> list[float]:
    """Return the share kept of each class, the most frequent first: geometric from 1 to `rarest`."""
    return [rarest ** (rank / max(1, num_classes - 1)) for rank in range(num_classes)]


def imbalanced_per_class(counts: Sequence[int], rarest: float) -> list[int]:
    """Return the examples kept of every class: its share, rounded up, so that every class keeps some."""
    by_count = sorted(range(len(counts)), key=lambda index: -counts[index])
    kept = [0] * len(counts)
    for index, share in zip(by_count, imbalance_shares(len(counts), rarest), strict=True):
        kept[index] = math.ceil(counts[index] * share - _ROUNDING)
    return kept


def num_left(shape: DatasetShape, scenario: Scenario) -> int:
    """Return the number of training examples a scenario leaves at least.

    Under class imbalance it depends on the class counts; equal classes leave least, by Chebyshev's sum
    inequality.
    """
    if scenario.kind is ScenarioKind.SUBSAMPLE:
        return num_subsampled(shape.num_train, scenario.number)
    if scenario.kind is ScenarioKind.CLASS_IMBALANCE:
        shares = imbalance_shares(shape.num_outputs, scenario.number)
        return math.ceil(shape.num_train * sum(shares) / len(shares) - _ROUNDING)
    return shape.num_train
