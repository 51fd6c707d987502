"""Rule of the fields that a rule file leaves open: known names keep their ratio to the width.

Heads keep their size and are more at larger widths, so that the scale of attention logits stays right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from muscope.backend.errors import InvalidInput
from muscope.worker.brought.hugging_face.growth import DEPTH, WIDTH, Growth

WIDTHS = ("hidden_size", "n_embd", "d_model", "dim")
DEPTHS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
KEY_VALUE_HEADS = ("num_key_value_heads", "num_kv_heads")
_INNER = ("intermediate_size", "n_inner", "ffn_dim", "d_ff", "ffn_hidden_size", "hidden_dim")
_IN_PROPORTION = (*_INNER, *HEADS, *KEY_VALUE_HEADS, "word_embed_proj_dim")
_FIXED = (
    *("vocab_size", "type_vocab_size", "head_dim", "rotary_dim", "patch_size", "image_size"),
    *("chunk_size_feed_forward", "pretraining_tp"),
)
_SIZE = re.compile(r"_(size|dim|rank|width|channels|heads)$")


def inferred_growth(config: Mapping[str, Any], given: Mapping[str, Growth]) -> dict[str, Growth]:
    """Return the rule of the fields that `given` leaves open.

    Args:
        config: every field with its value, defaults included.
        given: what the user's rule says.

    Raises:
        InvalidInput: no field is known as the width, or a size has a name that says nothing of its growth.
    """
    width_field = next((name for name in WIDTHS if _is_size(config.get(name))), None)
    if width_field is None:
        if any(rule.axis == WIDTH for rule in given.values()):
            return {}
        raise InvalidInput("brought.rule_lacks_width", known=", ".join(WIDTHS))
    width = given.get(width_field, Growth(Fraction(1), WIDTH))
    rules = {width_field: width}
    rules |= {name: Growth(Fraction(1), DEPTH) for name in DEPTHS if _is_size(config.get(name))}
    for name in _IN_PROPORTION:
        if _is_size(config.get(name)):
            rules[name] = Growth(width.factor * Fraction(config[name], config[width_field]), width.axis)
    unclear = [
        name
        for name, value in config.items()
        if _SIZE.search(name) and _is_size(value) and name not in {*rules, *given, *_FIXED}
    ]
    if unclear:
        raise InvalidInput(
            "brought.rule_unclear",
            fields=", ".join(f"{name} ({config[name]})" for name in sorted(unclear)),
            example=sorted(unclear)[0],
        )
    return {name: rule for name, rule in rules.items() if name not in given}


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
