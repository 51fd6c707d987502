"""Rules which fields of a configuration grow: read, inferred, and refused by name."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from muscope.backend.catalogue import error_text
from muscope.backend.errors import InvalidInput, MuscopeError, NotFound
from muscope.worker.brought.hugging_face.files import is_configuration, read_config, read_rule
from muscope.worker.brought.hugging_face.growth import Growth, growth_of, least_step
from muscope.worker.brought.hugging_face.inference import inferred_growth
from muscope.worker.held_models import held_models

LLAMA = {
    "vocab_size": 32000,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("width", 48),
        ("4*width", 192),
        ("8/3 * width", 128),
        ("width/16", 3),
        ("3*width/16", 9),
        ("depth", 2),
        ("2*depth", 4),
        (5, 5),
    ],
)
def test_an_expression_is_the_size_at_a_width_and_a_depth(given: Any, expected: int) -> None:
    assert growth_of("field", given).at("field", 48, 2) == expected


@pytest.mark.parametrize(
    "given", ["width*4", "2.5*width", "height", "", "0*width", 0, -1, 1.5, True, None, []]
)
def test_what_is_no_size_is_refused_with_the_field(given: Any) -> None:
    with pytest.raises(InvalidInput, match=r"brought\.rule_expression") as refused:
        growth_of("d_inner", given)
    assert "d_inner" in error_text(refused.value, "en")
    assert "d_inner" in error_text(refused.value, "ja")


def test_a_size_that_is_not_whole_names_the_multiple_that_would_be() -> None:
    with pytest.raises(InvalidInput, match=r"brought\.rule_not_whole") as refused:
        growth_of("n_head", "width/16").at("n_head", 40, 2)
    assert (refused.value.params["given"], refused.value.params["multiple"]) == (40, 16)


def test_known_fields_keep_their_ratio_and_heads_their_size() -> None:
    rules = {name: str(rule) for name, rule in inferred_growth(LLAMA, {}).items()}
    assert rules == {
        "hidden_size": "width",
        "num_hidden_layers": "depth",
        "intermediate_size": "43*width/16",
        "num_attention_heads": "width/128",
        "num_key_value_heads": "width/512",
    }


def test_what_the_user_says_of_a_field_is_not_inferred() -> None:
    given = {"hidden_size": growth_of("hidden_size", "2*width"), "num_key_value_heads": Growth(Fraction(2))}
    rules = {name: str(rule) for name, rule in inferred_growth(LLAMA, given).items()}
    assert "num_key_value_heads" not in rules
    assert rules["num_attention_heads"] == "width/64"


def test_the_least_width_makes_every_size_whole() -> None:
    assert least_step(inferred_growth(LLAMA, {}).values()) == 512


def test_a_size_of_an_unknown_name_is_asked_about_and_not_guessed() -> None:
    with pytest.raises(InvalidInput, match=r"brought\.rule_unclear") as refused:
        inferred_growth(LLAMA | {"kv_lora_rank": 512}, {})
    assert refused.value.params["fields"] == "kv_lora_rank (512)"
    assert inferred_growth(LLAMA | {"kv_lora_rank": 512}, {"kv_lora_rank": Growth(Fraction(512))})


def test_a_configuration_without_a_known_width_is_asked_for_it() -> None:
    with pytest.raises(InvalidInput, match=r"brought\.rule_lacks_width"):
        inferred_growth({"num_layers": 2}, {})


BAD_FILES: dict[str, tuple[str, str, str]] = {
    "no JSON": ("config.json", "{", "config_unreadable"),
    "a list": ("config.json", "[]", "config_unreadable"),
    "code of its own": ("config.json", '{"auto_map": {"AutoConfig": "x.Y"}}', "config_remote_code"),
    "quantized weights": ("config.json", '{"quantization_config": {"bits": 4}}', "config_quantized"),
    "a rule that is no JSON": ("muscope.json", "width", "config_unreadable"),
    "an entry that nobody knows": ("muscope.json", '{"hidden_size": "width"}', "rule_key"),
    "fields that are a list": ("muscope.json", '{"fields": ["width"]}', "rule_expression"),
    "a rule that is no size": ("muscope.json", '{"fields": {"n_embd": "wide"}}', "rule_expression"),
    "widths that are text": ("muscope.json", '{"widths": "64"}', "rule_sizes"),
    "a width twice": ("muscope.json", '{"widths": [64, 64]}', "rule_sizes"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_that_cannot_be_meant_is_refused_by_name(case: str, tmp_path: Path) -> None:
    name, content, code = BAD_FILES[case]
    (tmp_path / name).write_text(content, encoding="utf-8")
    read = read_config if name == "config.json" else read_rule
    with pytest.raises(MuscopeError) as refused:
        read(tmp_path)
    assert refused.value.code == f"brought.{code}"
    assert all(error_text(refused.value, language) for language in ("en", "ja"))


def test_a_folder_without_a_configuration_is_none(tmp_path: Path) -> None:
    assert not is_configuration(tmp_path)
    with pytest.raises(NotFound, match=r"brought\.no_file"):
        read_config(tmp_path)


def test_a_folder_with_a_configuration_is_held_in_the_version_of_both_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "Llama-3.1"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(LLAMA), encoding="utf-8")
    (first,) = held_models(tmp_path)
    (folder / "model.safetensors").write_bytes(b"weights")
    (with_weights,) = held_models(tmp_path)
    (folder / "muscope.json").write_text("{}", encoding="utf-8")
    (with_rule,) = held_models(tmp_path)
    assert (first.network, first.path) == ("Llama-3.1", folder)
    assert first.sha256 == with_weights.sha256 != with_rule.sha256
