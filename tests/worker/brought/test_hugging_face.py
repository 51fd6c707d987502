"""Hugging Face configurations: roles, training against the library's own loop, and what is refused.

The library takes seconds to import, so every test that needs it is in this file.
"""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from muscope.backend.catalogue import error_text
from muscope.backend.domain.brought.finding import Outcome
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.dataset import DataDims, Task
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.loading import load_model
from muscope.worker.numerics.program import TrainingData
from muscope.worker.numerics.randomness import BatchOrder
from tests.worker.brought.asking import report_of
from tests.worker.brought.trained import described, program, trained

DOCS = Path(__file__).resolve().parents[3] / "docs" / "site"
pytestmark = pytest.mark.slow
WIDTHS = (16, 32, 48, 64)
LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 1,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "max_position_embeddings": 64,
    "attention_dropout": 0.1,
    "torch_dtype": "bfloat16",
    "pad_token_id": 31999,
    "vocab_size": 32000,
}
GPT2 = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "n_embd": 64,
    "n_layer": 1,
    "n_head": 8,
    "n_positions": 32,
}
ONE_LAYER = {"widths": WIDTHS, "depths": [1]}


def folder(root: Path, config: dict[str, Any], rule: dict[str, Any] | None = None) -> Path:
    """Write a configuration and its rule into a folder of the given root."""
    root.mkdir(exist_ok=True)
    (root / "config.json").write_text(json.dumps(config), encoding="utf-8")
    if rule is not None:
        (root / "muscope.json").write_text(json.dumps(rule), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rule = ONE_LAYER | {"fields": {"num_key_value_heads": 1}}
    return folder(tmp_path_factory.mktemp("own") / "llama", LLAMA, rule)


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("own") / "gpt2", GPT2, ONE_LAYER)


def roles(family: Brought) -> dict[str, str]:
    """Return the role of every tensor by the last parts of its name."""
    tensors = family.tables[0].tensors
    return {".".join(each.name.split(".")[-2:]): each.role.value for each in tensors}


def test_a_llama_with_one_key_head_has_the_roles_of_its_tensors(llama: Path) -> None:
    found, _ = described(llama)
    assert roles(found.family) == {
        "embed_tokens.weight": "embedding",
        "q_proj.weight": "hidden",
        "k_proj.weight": "bottleneck",
        "v_proj.weight": "bottleneck",
        "o_proj.weight": "hidden",
        "gate_proj.weight": "hidden",
        "up_proj.weight": "hidden",
        "down_proj.weight": "hidden",
        "input_layernorm.weight": "norm",
        "post_attention_layernorm.weight": "norm",
        "norm.weight": "norm",
        "lm_head.weight": "output",
    }


def test_a_gpt2_has_transposed_matrices_and_a_tied_output(gpt2: Path) -> None:
    family = described(gpt2)[0].family
    inputs = {each.name.removeprefix("transformer."): each.inputs for each in family.tables[0].tensors}
    of = roles(family)
    assert (of["wte.weight"], of["wpe.weight"]) == ("tied", "embedding")
    assert (of["c_attn.weight"], of["c_fc.weight"], of["c_attn.bias"]) == ("hidden", "hidden", "bias")
    assert inputs["h.0.attn.c_attn.weight"] == (0,)
    assert "lm_head.weight" not in of


def test_the_fields_that_grow_or_are_replaced_are_told(llama: Path) -> None:
    told = {line.field: (line.value, line.origin.value, line.instead_of) for line in described(llama)[0].rule}
    assert told == {
        "num_key_value_heads": ("1", "given", ""),
        "hidden_size": ("width", "inferred", ""),
        "num_hidden_layers": ("depth", "inferred", ""),
        "intermediate_size": ("2*width", "inferred", ""),
        "num_attention_heads": ("width/8", "inferred", ""),
        "vocab_size": ("data", "inferred", ""),
        "attention_dropout": ("0.0", "replaced", "0.1"),
        "bos_token_id": ("null", "replaced", "1"),
        "eos_token_id": ("null", "replaced", "2"),
        "pad_token_id": ("null", "replaced", "31999"),
        "dtype": ("float32", "replaced", "bfloat16"),
    }


def text_of(length: int, vocabulary: int) -> TrainingData:
    """Return a text of a user's: windows of tokens, each followed by the next."""
    tokens = torch.randint(0, vocabulary, (80, length + 1), generator=torch.Generator().manual_seed(7))
    x, y = tokens[:, :-1], tokens[:, 1:]
    return TrainingData(x[:64], y[:64], x[64:], y[64:], Task.LANGUAGE_MODELLING, vocabulary)


def library_loop(config: Any, data: TrainingData, lr: float, seed: int) -> list[float]:
    """Train as a user of the library does, without any of our code but the order of the examples."""
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").train()
    steps, order = torch.optim.SGD(model.parameters(), lr=lr), BatchOrder(0, len(data.x_train), 8)
    losses = []
    for step in range(13):
        index = torch.from_numpy(order.indices(seed, step))
        logits = model(input_ids=data.x_train[index]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), data.y_train[index].flatten())
        losses.append(float(loss.detach()))
        steps.zero_grad()
        loss.backward()
        steps.step()
    return losses


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_training_on_a_text_of_the_users_follows_the_librarys_own_loop(
    name: str, request: pytest.FixtureRequest
) -> None:
    from transformers import GPT2Config, LlamaConfig

    own = {
        "llama": lambda: LlamaConfig(
            vocab_size=19,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=1,
            num_attention_heads=4,
            num_key_value_heads=1,
            max_position_embeddings=64,
        ),
        "gpt2": lambda: GPT2Config(
            vocab_size=19,
            n_embd=32,
            n_layer=1,
            n_head=4,
            n_positions=32,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
        ),
    }[name]()
    path, data = request.getfixturevalue(name), text_of(12, 19)
    family = described(path)[0].family.require_data(data.dims)
    losses = trained(path, program(family, data, width=32), data).values[Metric.TRAIN_LOSS]
    for column, (lr, seed) in enumerate([(0.05, 0), (0.05, 1), (0.1, 0), (0.1, 1)]):
        np.testing.assert_allclose(losses[:, column], library_loop(own, data, lr, seed), rtol=1e-5)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_it_learns_under_mup_and_its_sharpness_is_measured(name: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(name)
    found, data = described(path)
    planned = program(
        found.family,
        data,
        width=32,
        parametrization=Parametrization.MUP,
        has_curvature=True,
        optimizer=OptimizerSpec.model_validate("adam"),
        runs=(PlannedRun(0, 0.01, 0), PlannedRun(0, 0.01, 1)),
    )
    values = trained(path, planned, data).values
    assert (values[Metric.VAL_LOSS][-1] < values[Metric.VAL_LOSS][0]).all()
    assert (values[Metric.SHARPNESS][1:] > 0).all()


def test_the_check_of_a_configuration_passes(llama: Path) -> None:
    report = report_of(llama)
    assert (report.outcome, len(report.rule)) == (Outcome.PASSED, 11)


def test_a_text_decides_vocabulary_length_and_work(llama: Path) -> None:
    described_family = described(llama)[0].family
    family = described_family.require_data(DataDims(32, 19, None, is_text=True))
    assert family.example is not None
    assert (family.example.size, family.example.num_outputs) == (32, 19)
    assert family.tables[0].tensors[0].shape == (19, 16)
    flops = [table.tables[0].work[0].flops for table in (described_family, family)]
    attention, readout = (
        2 * 2 * 16,
        2 * 16,
    )  # a token's flops for each token before it, for each token it may be
    per_token = flops[0] / 16 - 16 * attention - 31 * readout
    assert flops[1] == pytest.approx(32 * (per_token + 32 * attention + 19 * readout))


@pytest.mark.parametrize(
    ("dims", "code"),
    [
        (DataDims(32, 3), "spec.brought_needs_text"),
        (DataDims(65, 19, None, is_text=True), "spec.brought_longest"),
    ],
)
def test_data_that_it_cannot_read_is_refused_by_name(llama: Path, dims: DataDims, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        described(llama)[0].family.require_data(dims)
    assert refused.value.code == code


BAD: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "an unknown type": ({"model_type": "lama"}, {}, "config_model_type", "llama"),
    "a task of its own": (
        {"architectures": ["LlamaForTokenClassification"]},
        {},
        "config_architecture",
        "Token",
    ),
    "no architecture": ({"architectures": None}, {}, "config_architecture", "ForCausalLM"),
    "a value of another type": ({"hidden_size": "wide"}, {}, "config_invalid", "hidden_size"),
    "a rule for an unknown field": ({}, {"hiden_size": "width"}, "rule_unknown_field", "hidden_size"),
    "heads that do not divide": ({}, {"num_attention_heads": 5}, "config_heads", "num_attention_heads"),
    "shared heads that do not divide": (
        {},
        {"num_key_value_heads": 3},
        "config_heads",
        "num_key_value_heads",
    ),
    "heads that are not whole": ({}, {"num_attention_heads": "width/24"}, "rule_not_whole", "24"),
    "nothing that grows": ({}, {"hidden_size": 64}, "rule_lacks_width", "hidden_size"),
    "a vocabulary that grows": ({}, {"vocab_size": "width"}, "rule_expression", "vocab_size"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_no_model_can_be_built_from_is_refused_by_name(case: str, tmp_path: Path) -> None:
    changes, fields, code, named = BAD[case]
    path = folder(tmp_path / "own", LLAMA | changes, ONE_LAYER | {"fields": fields})
    with pytest.raises(InvalidInput) as refused:
        load_model(path).build(16, 0)
    assert refused.value.code == f"brought.{code}"
    assert all(named in error_text(refused.value, language) for language in ("en", "ja"))


def test_a_vocabulary_that_the_rule_fixes_must_be_the_datas(gpt2: Path, tmp_path: Path) -> None:
    fixed = load_model(folder(tmp_path / "own", GPT2, ONE_LAYER | {"fields": {"vocab_size": 24}}))
    assert fixed.for_vocabulary(9).build(16, 0).get_parameter("lm_head.weight").shape == (24, 16)
    family = described(gpt2)[0].family.model_copy(update={"text": fixed.text})
    assert family.require_data(DataDims(8, 24, None, is_text=True)).is_described
    with pytest.raises(InvalidInput, match=r"spec\.brought_vocabulary"):
        family.require_data(DataDims(8, 25, None, is_text=True))


def test_the_example_of_the_guide_is_a_model(tmp_path: Path) -> None:
    for language in ("en", "ja"):
        guide = (DOCS / language / "own-model.md").read_text(encoding="utf-8")
        config, rule = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", guide, re.DOTALL))
        model = load_model(folder(tmp_path / language, config, rule)).at_depth(2)
        assert model.build(64, 0).get_parameter("model.layers.1.self_attn.k_proj.weight").shape == (8, 64)


def test_a_worker_without_the_library_says_what_to_install(
    llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(InvalidInput, match=r"brought\.needs_transformers"):
        load_model(llama)
