"""Applies a scenario to a dataset's arrays: pure, seeded, the same for every cell (ADR 0022).

Draws are keyed by the spec's seed and the kind of scenario, never by its value: the labels that are wrong at
10 % are wrong at 20 % as well, and feature noise only grows.

Legend: n examples, D features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.plan.scenario_data import (
    imbalanced_per_class,
    num_subsampled,
    subsampled_per_class,
)
from muscope.backend.domain.spec.dataset import DatasetShape, Task
from muscope.backend.domain.spec.scenario import Scenario, ScenarioKind
from muscope.worker.numerics.randomness import Purpose, stream

Array = NDArray[Any]
Arrays = Mapping[str, Array]


def under_scenario(arrays: Arrays, scenario: Scenario, shape: DatasetShape, *, spec_seed: int) -> Arrays:
    """Return `x_train`, `y_train`, `x_val`, `y_val` under `scenario`; the given arrays are not changed."""
    change = _CHANGES.get(scenario.kind)
    if change is None:
        return arrays
    generator = stream(Purpose.SCENARIO, spec_seed, scenario.kind)
    return {**arrays, **change(arrays, scenario.number, shape, generator)}


def _label_noise(
    arrays: Arrays, amount: float, shape: DatasetShape, generator: np.random.Generator
) -> Arrays:
    """Replace that share of the training labels, or of a text's next bytes, by another class, uniformly.

    Of regression every label gets a normal error of `amount` label standard deviations.
    """
    labels = arrays["y_train"]
    if shape.task is Task.REGRESSION:
        errors = amount * labels.std(dtype=np.float64) * generator.standard_normal(labels.shape)
        return {"y_train": (labels + errors).astype(labels.dtype)}
    noisy = labels.reshape(-1).astype(np.int64)
    wrong = generator.permutation(noisy.size)[: round(amount * noisy.size)]
    offsets = generator.integers(1, shape.num_outputs, noisy.size)[wrong]
    noisy[wrong] = (noisy[wrong] + offsets) % shape.num_outputs
    return {"y_train": noisy.reshape(labels.shape).astype(labels.dtype)}


def _feature_noise(
    arrays: Arrays, amount: float, shape: DatasetShape, generator: np.random.Generator
) -> Arrays:
    """Add normal errors of `amount` training standard deviations of each feature, of images each channel."""
    scale_D = amount * _feature_stds(arrays["x_train"], shape)
    changed = {}
    for name in ("x_train", "x_val"):
        x_nD = arrays[name]
        errors_nD = generator.standard_normal(x_nD.shape, dtype=np.float32)
        changed[name] = (x_nD + scale_D.astype(x_nD.dtype) * errors_nD).astype(x_nD.dtype)
    return changed


def _feature_stds(x_nD: Array, shape: DatasetShape) -> Array:
    """Return the standard deviation of every feature [D]; zero where it is constant, which stays so."""
    if shape.image is None:
        return np.asarray(x_nD.std(axis=0, dtype=np.float64))
    channels = shape.image.channels
    of_channel = x_nD.reshape(-1, channels).std(axis=0, dtype=np.float64)
    return np.tile(of_channel, shape.num_features // channels)


def _subsample(arrays: Arrays, share: float, shape: DatasetShape, generator: np.random.Generator) -> Arrays:
    """Keep that share of the training examples, of every class alike."""
    labels, num_train = arrays["y_train"], len(arrays["y_train"])
    order = generator.permutation(num_train)
    if shape.task is not Task.CLASSIFICATION:
        return _kept(arrays, order[: num_subsampled(num_train, share)])
    return _of_classes(arrays, order, subsampled_per_class(_counts(labels, shape), share))


def _class_imbalance(
    arrays: Arrays, rarest: float, shape: DatasetShape, generator: np.random.Generator
) -> Arrays:
    """Keep that share of the rarest class, all of the most frequent one, geometrically between."""
    labels = arrays["y_train"]
    order = generator.permutation(len(labels))
    return _of_classes(arrays, order, imbalanced_per_class(_counts(labels, shape), rarest))


def _counts(labels: Array, shape: DatasetShape) -> list[int]:
    counts: list[int] = np.bincount(labels, minlength=shape.num_outputs).tolist()
    return counts


def _of_classes(arrays: Arrays, order: NDArray[np.int64], numbers: list[int]) -> Arrays:
    """Keep so many examples of each class, the first in `order`."""
    ordered = arrays["y_train"][order]
    places = [order[ordered == code][:number] for code, number in enumerate(numbers)]
    return _kept(arrays, np.concatenate(places))


def _kept(arrays: Arrays, places: NDArray[np.int64]) -> Arrays:
    """Keep training examples in the order of the dataset."""
    places = np.sort(places)
    return {name: arrays[name][places] for name in ("x_train", "y_train")}


_CHANGES: dict[ScenarioKind, Callable[[Arrays, float, DatasetShape, np.random.Generator], Arrays]] = {
    ScenarioKind.LABEL_NOISE: _label_noise,
    ScenarioKind.FEATURE_NOISE: _feature_noise,
    ScenarioKind.SUBSAMPLE: _subsample,
    ScenarioKind.CLASS_IMBALANCE: _class_imbalance,
}
