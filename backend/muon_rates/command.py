"""The command `muscope translate-lr`: its options, and the answer as a table or as JSON."""

from __future__ import annotations

import argparse
import json
import re

from muscope.backend.catalogue import text
from muscope.backend.domain.brought.muon_conventions import (
    MOST_EXTENT,
    Shape,
    TranslatedRate,
    needs_several_rates,
    translate,
)
from muscope.backend.errors import InvalidInput

_SHAPE = re.compile(r"([0-9]{1,9})[x×]([0-9]{1,9})")


def translate_lr(options: argparse.Namespace, language: str) -> int:
    """Print the rates of each shape; returns 0. Raises InvalidInput for an option that is wrong."""
    shapes = tuple(_shape(given) for given in options.shapes)
    rates = translate(
        options.source, options.target, lr=options.lr, weight_decay=options.weight_decay, shapes=shapes
    )
    print(_as_json(rates) if options.json else "\n".join(_lines(options, rates, language)))
    return 0


def _shape(given: str) -> Shape:
    found = _SHAPE.fullmatch(given)
    if found is None:
        raise InvalidInput("muon.shapes", given=given, most=MOST_EXTENT)
    return int(found[1]), int(found[2])


def _as_json(rates: tuple[TranslatedRate, ...]) -> str:
    rows = [rate._asdict() | {"shape": list(rate.shape)} for rate in rates]
    return json.dumps({"needs_several_rates": needs_several_rates(rates), "rates": rows}, indent=2)


def _lines(options: argparse.Namespace, rates: tuple[TranslatedRate, ...], language: str) -> list[str]:
    lines = [text("muon.title", language, source=options.source, target=options.target, lr=options.lr)]
    for rate in rates:
        (n_out, n_in), decay = rate.shape, f"{rate.weight_decay:.6g}"
        lines.append(
            text(
                "muon.row",
                language,
                n_out=n_out,
                n_in=n_in,
                lr=f"{rate.lr:.6g}",
                decay=decay,
                factor=f"{rate.factor:.6g}",
            )
        )
    key = "muon.several" if needs_several_rates(rates) else "muon.one"
    return [*lines, text(key, language)]
