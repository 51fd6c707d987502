"""Small network of every family on small data, shared by the tests that hold for all families."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from muscope.backend.domain.spec.dataset import DataDims, ImageShape, Task
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.convnet import ConvNet, ResidualConvNet
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.families.transformer import GPT, Activation, NormKind, Positions, ViT
from muscope.worker.numerics.network import Network, Params, init
from muscope.worker.numerics.program import CellProgram, TrainingData
from tests import cases

IMAGE = ImageShape(height=8, width=8, channels=1)
CONTEXT = 5
VOCABULARY = 7
NUM_TRAIN = 40
NUM_VAL = 12


class FamilyCase(NamedTuple):
    """Family with options, the depth it is tested at, and whether it reads text."""

    model: ModelFamily
    depth: int
    is_text: bool = False


MODERN_GPT = GPT(
    num_heads=2,
    norm=NormKind.RMS,
    has_tied_embeddings=True,
    activation=Activation.SWIGLU,
    positions=Positions.ROTARY,
    num_kv_heads=1,
)
FAMILY_CASES = {
    "residual_mlp": FamilyCase(ResidualMLP(), 2),
    "residual_mlp_2_layers": FamilyCase(ResidualMLP(layers_per_block=2), 2),
    "mlp_without_skips": FamilyCase(ResidualMLP(has_skip=False), 2),
    "convnet": FamilyCase(ConvNet(), 1),
    "residual_convnet": FamilyCase(ResidualConvNet(), 3),
    "vit": FamilyCase(ViT(num_heads=2), 2),
    "vit_without_norms": FamilyCase(ViT(num_heads=2, has_norm=False), 1),
    "gpt": FamilyCase(GPT(num_heads=2), 1, is_text=True),
    "gpt_modern": FamilyCase(MODERN_GPT, 1, is_text=True),
}


def data_of(case: FamilyCase, dtype: torch.dtype = torch.float32) -> TrainingData:
    """Return data of the kind the case reads: images, or windows of a seven-letter text."""
    generator = np.random.default_rng(5)
    if case.is_text:
        text = generator.integers(0, VOCABULARY, (NUM_TRAIN + NUM_VAL, CONTEXT + 1))
        x, y = (torch.from_numpy(part) for part in (text[:, :-1], text[:, 1:]))
        task, num_outputs, image = Task.LANGUAGE_MODELLING, VOCABULARY, None
    else:
        x = torch.from_numpy(generator.standard_normal((NUM_TRAIN + NUM_VAL, IMAGE.num_features))).to(dtype)
        y = torch.from_numpy(generator.integers(0, 3, NUM_TRAIN + NUM_VAL))
        task, num_outputs, image = Task.CLASSIFICATION, 3, IMAGE
    n = NUM_TRAIN
    return TrainingData(x[:n], y[:n], x[n:], y[n:], task, num_outputs, image=image, text_dtype=dtype)


def program_of(case: FamilyCase, **changes: Any) -> CellProgram:
    """Return a short program of the case at twice its base width."""
    return cases.program(model=case.model, depth=case.depth, width=4, base_width=2, batch_size=8, **changes)


def network_of(case: FamilyCase, seeds: tuple[int, ...] = (0, 1)) -> tuple[Network, Params]:
    """Return the network of a case and float64 weights of one run per seed, every tensor moved a little."""
    program = program_of(case)
    dims = data_of(case).dims
    network = program.network_for(dims)
    shapes = {name: tensor.shape for name, tensor in tensors_of(case, dims, program.width).items()}
    params = init(shapes, network.scaling, spec_seed=0, seeds=seeds, dtype=torch.float64)
    noise = torch.Generator().manual_seed(3)
    moved = {
        name: weight + 0.1 * torch.randn(weight.shape, generator=noise, dtype=weight.dtype)
        for name, weight in params.items()
    }
    return network, moved


def tensors_of(case: FamilyCase, dims: DataDims, width: int):
    return case.model.tensors(dims, width, case.depth)
