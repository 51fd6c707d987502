"""Reproduce the paper at the size of a CPU: `make reproduce`, or one row with `make reproduce ONLY=f1`.

Trains what is not kept in build/reproduce yet, writes docs/reproduce, ends with a line per row:
`<name> <checks that hold> <checks> ok|short`.
"""

from __future__ import annotations

import argparse
import time

from studies.cells.jobs import Results
from studies.cells.pool import ResultStore, Trainer
from studies.cells.row import Row
from studies.page.figures import draw
from studies.repository import ROOT
from studies.reproduction.findings import Finding
from studies.reproduction.page import load, page, save
from studies.reproduction.rows.registry import ROWS

PAGE = ROOT / "docs/reproduce"
FINDINGS = PAGE / "findings.json"


def main() -> None:
    """Train, judge, write."""
    arguments = _arguments()
    trainer = Trainer(
        ResultStore(ROOT / "build/reproduce"), num_processes=arguments.processes, report=_report
    )
    began, lines = time.monotonic(), {}
    for row, results in trainer.train([ROWS[name] for name in arguments.only or ROWS]):
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m studies.reproduction", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--processes", type=int, default=2, help="cells trained side by side, a thread each")
    return parser.parse_args()


if __name__ == "__main__":
    main()
