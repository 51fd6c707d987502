"""Fields of a configuration that are the same at every size, or have one entry per layer; told to people."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from muscope.backend.domain.brought.rule import RuleLine, RuleOrigin
from muscope.worker.brought.hugging_face.growth import Growth
from muscope.worker.brought.hugging_face.inference import DEPTHS

VOCABULARY = "vocab_size"
DTYPES = ("dtype", "torch_dtype")
_DROPOUT = re.compile(r"drop")
_TOKEN = re.compile(r"_token_id$")
_NEVER = ("use_cache", "output_attentions", "output_hidden_states")


def replaced_fields(full: Mapping[str, Any], rules: Mapping[str, Growth]) -> dict[str, Any]:
    """Return what is the same at every size: no dropout, no caches, no tokens outside the vocabulary."""
    found: dict[str, Any] = {name: False for name in _NEVER if full.get(name)}
    for name, value in full.items():
        if _DROPOUT.search(name) and isinstance(value, float) and value > 0:
            found[name] = 0.0
        is_outside = (
            VOCABULARY not in rules or not isinstance(value, int) or value >= rules[VOCABULARY].factor
        )
        if _TOKEN.search(name) and value is not None and is_outside:
            found[name] = None
    return found


def rule_lines(
    given: Mapping[str, Growth],
    inferred: Mapping[str, Growth],
    replaced: Mapping[str, Any],
    full: Mapping[str, Any],
    raw: Mapping[str, Any],
) -> tuple[RuleLine, ...]:
    """Return every field that grows or is replaced, with its origin.

    Args:
        given: rules of the user's file.
        inferred: all other rules.
        replaced: fields with one value at every size.
        full: the configuration's own values, defaults included.
        raw: fields as `config.json` has them.
    """
    lines = [
        *(RuleLine(field=name, value=str(rule), origin=RuleOrigin.GIVEN) for name, rule in given.items()),
        *(
            RuleLine(field=name, value=str(rule), origin=RuleOrigin.INFERRED)
            for name, rule in inferred.items()
        ),
    ]
    if VOCABULARY not in given:
        lines.append(RuleLine(field=VOCABULARY, value="data", origin=RuleOrigin.INFERRED))
    dtype = next((str(raw[name]) for name in DTYPES if raw.get(name)), "float32")
    changed = {
        name: (json.dumps(value), json.dumps(full[name]))
        for name, value in replaced.items()
        if name not in _NEVER
    }
    if dtype != "float32":
        changed["dtype"] = ("float32", dtype)
    lines += [
        RuleLine(field=name, value=value, origin=RuleOrigin.REPLACED, instead_of=before)
        for name, (value, before) in changed.items()
    ]
    return tuple(lines)


def lists_per_layer(raw: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the lists that have as many entries as the configuration has layers."""
    layers = next((raw[name] for name in DEPTHS if isinstance(raw.get(name), int)), None)
    lists = {
        name: value for name, value in raw.items() if isinstance(value, list) and name != "architectures"
    }
    return {name: value for name, value in lists.items() if layers and len(value) == layers}


def of_length(values: list[Any], length: int) -> list[Any]:
    """Return a list cut or repeated to a length."""
    return [values[i % len(values)] for i in range(length)]
