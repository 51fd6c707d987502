"""Dependence of a network that takes any text on the vocabulary, and on the length of the text."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from muscope.backend.domain.spec.families.brought_work import TextTerms
from muscope.worker.brought.loading import BroughtModel

Axes = dict[str, tuple[int, ...]]


def vocabulary_axes(brought: BroughtModel, width: int, vocabulary: int) -> Axes:
    """Return the dimensions of each tensor that are the size of the vocabulary; empty where it is fixed."""
    if brought.text is None or brought.text.vocabulary is not None:
        return {}
    shapes = [
        {name: p.shape for name, p in brought.for_vocabulary(size).build(width, 0).named_parameters()}
        for size in (vocabulary, vocabulary + 1)
    ]
    return {
        name: tuple(axis for axis, size in enumerate(shape) if shapes[1][name][axis] != size)
        for name, shape in shapes[0].items()
    }


def terms_of(samples: list[tuple[int, int, float]]) -> TextTerms:
    """Return (a, b, c) of T (a + b T + c V) through samples (T, V, amount), none below 0."""
    rows = np.array([(1.0, length, vocabulary) for length, vocabulary, _ in samples])
    per_token = np.array([amount / length for length, _, amount in samples])
    a, b, c = np.maximum(np.linalg.lstsq(rows, per_token)[0], 0.0).tolist()
    return a, b, c


def made_up_text(batch: Any, *, length: int, vocabulary: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return as many texts as in a batch of tokens, of another length and vocabulary."""
    tokens = torch.arange(len(batch[0]) * length).reshape(-1, length) % vocabulary
    return tokens, tokens
