"""Configuration of a Hugging Face model at any size: what grows, what is replaced, what is refused.

The library is imported where it is used: the import takes seconds, and few workers have it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from muscope.backend.domain.brought.rule import RuleLine
from muscope.backend.errors import InvalidInput
from muscope.worker.brought.hugging_face.files import Rule, read_config, read_rule
from muscope.worker.brought.hugging_face.growth import DEPTH, WIDTH, Growth, least_step
from muscope.worker.brought.hugging_face.inference import (
    DEPTHS,
    HEADS,
    KEY_VALUE_HEADS,
    WIDTHS,
    inferred_growth,
)
from muscope.worker.brought.hugging_face.replacements import (
    DTYPES,
    VOCABULARY,
    lists_per_layer,
    of_length,
    replaced_fields,
    rule_lines,
)

_CAUSAL = ("ForCausalLM", "LMHeadModel")
_LEAST_WIDTH, _NUM_WIDTHS = 32, 4
_DEFAULT_DEPTHS = (2,)
_MOST_TEXT = 300


@dataclass(frozen=True)
class Configuration:
    """A configuration whose fields are known at every size.

    Attributes:
        kind: the library's class of configurations.
        raw: fields as the file has them, without those that are replaced at every size.
        rules: fields that have a size, with how it grows.
        replaced: fields with a value that is the same at every size, instead of the file's.
        lines: all of this for people.
        per_layer: fields with one entry per layer.
    """

    kind: Any
    raw: dict[str, Any]
    rules: dict[str, Growth]
    replaced: dict[str, Any]
    lines: tuple[RuleLine, ...]
    per_layer: dict[str, list[Any]]
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    longest: int | None

    @property
    def vocabulary(self) -> int | None:
        """Return the vocabulary that the rule fixes; None where it is the data's."""
        fixed = self.rules.get(VOCABULARY)
        return None if fixed is None else int(fixed.factor)

    def at(self, width: int, depth: int, vocabulary: int) -> Any:
        """Return the library's configuration of a size; raises InvalidInput for a field that it refuses."""
        sizes = {name: rule.at(name, width, depth) for name, rule in self.rules.items()}
        _require_heads(sizes, self.raw, width)
        layers = next((sizes[name] for name in DEPTHS if name in sizes), None)
        lists = {name: of_length(values, layers) for name, values in self.per_layer.items() if layers}
        fields = self.raw | self.replaced | lists | {VOCABULARY: vocabulary} | sizes
        return _made(self.kind, fields)


def read_configuration(folder: Path) -> Configuration:
    """Read a folder's files; raises InvalidInput or NotFound for whatever no model can be built from."""
    raw, rule = read_config(folder), read_rule(folder)
    kind = _kind_of(raw)
    _require_causal(kind, raw)
    aliases: dict[str, str] = getattr(kind, "attribute_map", {})
    raw = {aliases.get(name, name): value for name, value in raw.items()}
    full: dict[str, Any] = _made(kind, raw).to_dict()
    given = {aliases.get(name, name): growth for name, growth in rule.fields.items()}
    _require_known(given, full)
    inferred = inferred_growth(full, given)
    rules = given | inferred
    if all(growth.axis != WIDTH for growth in rules.values()):
        raise InvalidInput("brought.rule_lacks_width", known=", ".join(rules))
    replaced = replaced_fields(full, rules)
    widths, depths = _sizes(rule, rules)
    return Configuration(
        kind=kind,
        raw={name: value for name, value in raw.items() if name not in (*DTYPES, *replaced)},
        rules=rules,
        replaced=replaced,
        lines=rule_lines(given, inferred, replaced, full, raw),
        per_layer=lists_per_layer(raw),
        widths=widths,
        depths=depths,
        longest=_longest(full, aliases, rules),
    )


def _kind_of(raw: Mapping[str, Any]) -> Any:
    from transformers import CONFIG_MAPPING

    given = raw.get("model_type")
    known = list(CONFIG_MAPPING.keys())
    if not isinstance(given, str) or given not in known:
        near = difflib.get_close_matches(str(given), known, n=3) or ["gpt2", "llama"]
        raise InvalidInput("brought.config_model_type", given=str(given)[:60], near=", ".join(near))
    return CONFIG_MAPPING[given]


def _require_causal(kind: Any, raw: Mapping[str, Any]) -> None:
    """Refuse what is no model of the next token, and configurations that hold other ones."""
    from transformers import MODEL_FOR_CAUSAL_LM_MAPPING

    given = raw.get("architectures") or ["-"]
    first = str(given[0] if isinstance(given, list) else given)
    if not first.endswith(_CAUSAL) or kind not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise InvalidInput("brought.config_architecture", given=first[:60], known=", ".join(_CAUSAL))
    for field in getattr(kind, "sub_configs", {}):
        raise InvalidInput("brought.config_nested", field=field, model_type=str(raw["model_type"]))


def _made(kind: Any, fields: Mapping[str, Any]) -> Any:
    """Return the library's configuration; whatever it refuses becomes an InvalidInput."""
    try:
        return kind.from_dict(dict(fields))
    except Exception as error:
        told = " ".join(str(error).split())[:_MOST_TEXT]
        raise InvalidInput("brought.config_invalid", error=told) from error


def _require_known(given: Mapping[str, Growth], full: Mapping[str, Any]) -> None:
    for name in given:
        if name not in full:
            near = difflib.get_close_matches(name, list(full), n=3)
            raise InvalidInput("brought.rule_unknown_field", field=name[:60], near=", ".join(near) or "-")
    if given.get(VOCABULARY, Growth(Fraction(1))).axis is not None:
        raise InvalidInput("brought.rule_expression", field=VOCABULARY, given=str(given[VOCABULARY]))


def _sizes(rule: Rule, rules: Mapping[str, Growth]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return widths and depths that are looked at: the rule file's, else the first at which all is whole."""
    step = least_step(rules.values())
    first = -(-_LEAST_WIDTH // step) * step
    widths = rule.widths or tuple(first << doubling for doubling in range(_NUM_WIDTHS))
    takes_depth = any(growth.axis == DEPTH for growth in rules.values())
    return widths, (rule.depths or _DEFAULT_DEPTHS) if takes_depth else ()


def _longest(full: Mapping[str, Any], aliases: Mapping[str, str], rules: Mapping[str, Growth]) -> int | None:
    """Return the longest text that the configuration declares; None where it declares none."""
    name = aliases.get("max_position_embeddings", "max_position_embeddings")
    if name in rules:
        return int(rules[name].factor)
    value = full.get(name)
    return value if isinstance(value, int) and value > 0 else None


def _require_heads(sizes: Mapping[str, int], raw: Mapping[str, Any], width: int) -> None:
    """Refuse heads that do not divide what they split; raises InvalidInput naming the field."""
    hidden, heads, shared = (
        next((name for name in names if name in sizes), None) for names in (WIDTHS, HEADS, KEY_VALUE_HEADS)
    )
    has_own_size = bool(raw.get("head_dim")) or "head_dim" in sizes
    for whole, part in ((None if has_own_size else hidden, heads), (heads, shared)):
        if whole is not None and part is not None and sizes[whole] % sizes[part]:
            raise InvalidInput(
                "brought.config_heads",
                field=part,
                given=sizes[part],
                of=whole,
                size=sizes[whole],
                width=width,
            )
