"""Small files for uploads."""

from __future__ import annotations

import random


def flowers(rows: int = 240) -> str:
    """Return a table with three classes, separable by two of its three features, and a Japanese header."""
    draw = random.Random(7)
    lines = ["長さ,幅,色,種類"]
    for index in range(rows):
        kind = index % 3
        length, width = draw.gauss(2.0 * kind, 0.7), draw.gauss(-1.5 * kind, 0.7)
        lines.append(f"{length:.3f},{width:.3f},{draw.choice(('赤', '白'))},{'ABC'[kind]}")
    return "\n".join(lines) + "\n"


def ragged() -> str:
    """Return a table whose fourth row lacks a cell."""
    return "a,b,c\n1,2,x\n3,4,y\n5,6\n" + "7,8,x\n" * 20
