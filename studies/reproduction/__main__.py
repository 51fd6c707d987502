"""Reproduce the paper at the size of a CPU: `make reproduce`, or one row with `make reproduce ONLY=f1`.

Trains what is not kept in build/reproduce yet, writes docs/reproduce, ends with a line per row:
`<name> <checks that hold> <checks> ok|short`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from studies.cells.jobs import Results
from studies.cells.pool import ResultStore, Trainer
from studies.cells.row import Row
from studies.command_line import parsed, parser_of
from studies.page.figures import draw
from studies.repository import ROOT
from studies.reproduction.findings import Finding
from studies.reproduction.page import load, page, save
from studies.reproduction.rows.registry import ROWS

PAGE = ROOT / "docs/reproduce"
FINDINGS = PAGE / "findings.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, judge, write; `arguments` of the command line, None takes the process's own."""
    asked = _parsed(arguments)
    trainer = Trainer(ResultStore(ROOT / "build/reproduce"), num_processes=asked.processes, report=_report)
    began, lines = time.monotonic(), {}
    for row, results in trainer.train([ROWS[name] for name in asked.rows or ROWS]):
        finding = conclude(row, results)
        found = load(FINDINGS) | {row.name: finding}
        save(FINDINGS, found, list(ROWS))
        (PAGE / "README.md").write_text(page(found, list(ROWS)), encoding="utf-8")
        lines[row.name] = finding.line()
        _report(f"── {finding.line()}")
    print(f"── {PAGE.relative_to(ROOT)}/README.md, {time.monotonic() - began:.0f} s")
    print("\n".join(lines[name] for name in ROWS if name in lines))


def conclude(row: Row, results: Results) -> Finding:
    """Judge the results of a row's cells and draw its figure."""
    checks, panels = row.judge(results)
    draw(panels, PAGE / f"{row.name}.svg")
    seconds = sum(result.seconds for result in results.values())
    return Finding(row.name, row.claim, row.setting, tuple(checks), seconds)


def _report(line: str) -> None:
    print(line, flush=True)


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    return parsed(parser_of("studies.reproduction", __doc__, ROWS), ROWS, arguments)


if __name__ == "__main__":
    main()
