"""Calibrate the verdict: `make calibrate`, or one row with `make calibrate ONLY=simulated`.

Does what is not kept in build/calibrate yet, writes docs/calibration (the page, its figures and the record),
and ends with a line per goal: `<name> <value> <goal> ok|short`. The record reaches the product through
`make install-calibration` only.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path

from studies.calibration.rows import ROWS, Settings
from studies.calibration.sections import PAGE, load, page, save
from studies.calibration.simulated.judged import NUM_CASES
from studies.command_line import parsed, parser_of
from studies.repository import ROOT

KEPT = ROOT / "build/calibrate"


def main(arguments: Sequence[str] | None = None, *, folder: Path = PAGE, kept: Path = KEPT) -> None:
    """Do the rows that are wanted, and write the page after each.

    Args:
        arguments: of the command line; None takes the process's own.
        folder: of the page.
        kept: folder of judged cases and trained cells.
    """
    asked = _parsed(arguments)
    settings = Settings(folder, kept, asked.cases, asked.processes, asked.minutes, _say)
    began, lines = time.monotonic(), []
    for name in asked.rows or ROWS:
        section = ROWS[name](settings)
        sections = load(folder / "parts.json") | {name: section}
        save(folder / "parts.json", sections, list(ROWS))
        (folder / "README.md").write_text(page(sections, list(ROWS)), encoding="utf-8")
        lines += [goal.line() for goal in section.goals]
    where = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    _say(f"── {where}/README.md, {time.monotonic() - began:.0f} s")
    print("\n".join(lines))


def _say(line: str) -> None:
    print(line, flush=True)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of("studies.calibration", __doc__, ROWS)
    parser.add_argument("--cases", type=int, default=NUM_CASES, help="simulated cases")
    parser.add_argument("--minutes", type=float, default=math.inf, help="for training; 0 judges what is kept")
    return parsed(parser, ROWS, arguments)


if __name__ == "__main__":
    main()
