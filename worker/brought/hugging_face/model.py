"""A Hugging Face configuration as the functions of a brought model; no weights are read or downloaded."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from muscope.backend.domain.brought.rule import RuleLine
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.hugging_face.configuration import Configuration, read_configuration

LIBRARY = "transformers"
# Made-up text that a model brings: small enough to be learnt in seconds.
OWN_VOCABULARY, OWN_LENGTH = 31, 16
_BATCHES, _EXAMPLES = 32, 16


class HuggingFaceModel(NamedTuple):
    """Functions and sizes of a configuration, under the names that a user's file has."""

    configuration: Configuration

    @property
    def lines(self) -> tuple[RuleLine, ...]:
        """Return the fields that grow or are replaced."""
        return self.configuration.lines

    def build(self, width: int, depth: int = 1, vocabulary: int | None = None) -> nn.Module:
        """Return the model of a size with initial weights by torch's generator; raises InvalidInput."""
        from transformers import AutoModelForCausalLM

        config = self.configuration.at(width, depth, self._vocabulary(vocabulary))
        # Only plain attention has the second derivatives of sharpness.
        built: nn.Module = AutoModelForCausalLM.from_config(
            config, attn_implementation="eager", dtype=torch.float32, trust_remote_code=False
        )
        return built

    def batches(self, split: str, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield pairs of tokens [B, T], made-up text: each token is 1 to 3 above the one before it."""
        vocabulary = self._vocabulary(None)
        length = min(OWN_LENGTH, self.configuration.longest or OWN_LENGTH)
        drawn = torch.Generator().manual_seed(2 * seed + (split == "val"))
        for _ in range(_BATCHES):
            start = torch.randint(0, vocabulary, (_EXAMPLES, 1), generator=drawn)
            steps = torch.randint(1, 4, (_EXAMPLES, length), generator=drawn)
            tokens = torch.cat([start, steps], dim=1).cumsum(dim=1) % vocabulary
            yield tokens[:, :-1], tokens[:, 1:]

    def _vocabulary(self, of_data: int | None) -> int:
        return self.configuration.vocabulary or of_data or OWN_VOCABULARY


def load_configuration(folder: Path) -> HuggingFaceModel:
    """Return the model of a folder with `config.json`.

    Raises:
        NotFound: no such file.
        InvalidInput: the library is not here, or no model can be built from the files.
    """
    if importlib.util.find_spec(LIBRARY) is None:
        raise InvalidInput("brought.needs_transformers", folder=folder.name)
    return HuggingFaceModel(read_configuration(folder))
