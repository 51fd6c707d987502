"""Single runs in a figure: every seed of a size as a thin line, and the one run that the viewer follows.

All seeds of a size are one trace with gaps, so that a figure keeps few traces; `meta` names its runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.encode import plain
from muscope.backend.figures.theme import DASHES, Style

THIN_OPACITY, BEHIND_OPACITY = 0.65, 0.3
FRONT_WIDTH = 4.0


class RunLine(NamedTuple):
    """Values of one seed; NaN where it has none or diverged."""

    seed: int
    xs: tuple[float, ...]
    values: tuple[float, ...]


class RunLines(NamedTuple):
    """Runs of one size: `each` is empty where the range of the seeds is shown instead."""

    each: tuple[RunLine, ...] = ()
    front: RunLine | None = None


def run_traces(
    runs: RunLines, arm: Parametrization, width: int, colour: str, style: Style
) -> list[dict[str, Any]]:
    """Return the traces of single runs, those behind first."""
    base = {"mode": "lines", "connectgaps": False, "showlegend": False}
    head = f"{style.say('hover.width', width=width)} · {style.arm(arm)}"
    made: list[dict[str, Any]] = []
    if runs.each:
        is_behind = runs.front is not None
        made.append(
            base
            | _joined(runs.each)
            | {
                "meta": {"run": f"{arm}.{width}", "seeds": [line.seed for line in runs.each]},
                "line": {"color": colour, "width": 1, "dash": DASHES[arm]},
                "opacity": BEHIND_OPACITY if is_behind else THIN_OPACITY,
                "hovertemplate": f"{head}<br>%{{x}}: %{{y:.4~g}}<extra></extra>",
            }
        )
    if runs.front is not None:
        seed = style.say("hover.seed", seed=runs.front.seed)
        made.append(
            base
            | _joined([runs.front])
            | {
                "line": {"color": colour, "width": FRONT_WIDTH, "dash": DASHES[arm]},
                "hovertemplate": f"{head} · {seed}<br>%{{x}}: %{{y:.4~g}}<extra></extra>",
            }
        )
    return made


def _joined(lines: Sequence[RunLine]) -> dict[str, Any]:
    """Return the points of several lines with a gap after each."""
    xs = [x for line in lines for x in (*line.xs, math.nan)]
    values = [value for line in lines for value in (*line.values, math.nan)]
    return {"x": plain(xs), "y": plain(values)}
