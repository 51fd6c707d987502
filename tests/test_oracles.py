"""Every oracle of the engine's design has a test that carries its number."""

from __future__ import annotations

import re
from pathlib import Path

# Curvature, stability, parametrization, super consistency, transfer.
NUMBERS = set(range(1, 36))


def test_every_oracle_has_a_test_of_its_number():
    sources = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("test_*.py")]
    names = [
        name for source in sources for name in re.findall(r"^def (test_oracle_\w+)", source, re.MULTILINE)
    ]

    found = {int(number) for name in names for number in re.findall(r"oracle_(\d\d)", name)}

    assert found >= NUMBERS, NUMBERS - found
