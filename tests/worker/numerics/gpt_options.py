"""Options of the GPT under test, and the user's network with the options of a family."""

from __future__ import annotations

from typing import Any

import pytest

from muscope.backend.domain.spec.families.transformer import GPT, Activation, Positions
from muscope.worker.numerics.network import Network
from tests.worker.numerics.user_gpt import Config, UserGPT

ALL: dict[str, Any] = {
    "norm": "rms",
    "has_tied_embeddings": True,
    "activation": "swiglu",
    "positions": "rotary",
    "num_kv_heads": 1,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "rms": {"norm": "rms"},
    "tied": {"has_tied_embeddings": True},
    "swiglu": {"activation": "swiglu"},
    "rotary": {"positions": "rotary"},
    "gqa": {"num_kv_heads": 1},
    "all": ALL,
}
every_option = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


def gpt(options: dict[str, Any]) -> GPT:
    """Return a GPT of two heads with options."""
    return GPT.model_validate({"num_heads": 2} | options)


def user_model(model: GPT, network: Network, width: int, attention_scale: float) -> UserGPT:
    """Return the user's network with the options of a family."""
    config = Config(
        width=width,
        depth=network.depth,
        heads=model.num_heads,
        kv_heads=model.key_heads,
        hidden=model.mlp_ratio * width,
        vocabulary=network.dims.num_outputs,
        context=network.dims.num_features,
        norm=model.norm.value if model.has_norm else None,
        is_tied=model.has_tied_embeddings,
        is_gated=model.activation is Activation.SWIGLU,
        is_rotary=model.positions is Positions.ROTARY,
        attention_scale=attention_scale,
        branch_mult=network.branch_mult,
        readout_mult=network.readout_mult,
    )
    return UserGPT(config).double()
