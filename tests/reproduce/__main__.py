"""Reproduce the paper at the size of a CPU: `make reproduce`, or one row with `make reproduce ONLY=f1`.

Trains what is not kept in build/reproduce yet, writes docs/reproduce, ends with a line per row:
`<name> <checks that hold> <checks> ok|short`.
"""

from __future__ import annotations

import argparse
import time

from tests.reproduce.figures import draw
from tests.reproduce.findings import Finding, Row
from tests.reproduce.jobs import ROOT
from tests.reproduce.page import load, page, save
from tests.reproduce.pool import ResultStore, train_all
from tests.reproduce.rows.registry import ROWS

PAGE = ROOT / "docs/reproduce"
FINDINGS = PAGE / "findings.json"


def main() -> None:
    """Train, judge, write."""
    arguments = _arguments()
    store, began = ResultStore(ROOT / "build/reproduce"), time.monotonic()
    rows = [ROWS[name] for name in arguments.only or ROWS]
    lines = []
    for row in rows:
        print(f"── {row.name}: {row.claim}", flush=True)
        finding = reproduce(row, store, arguments.processes)
        found = load(FINDINGS) | {row.name: finding}
        save(FINDINGS, found, list(ROWS))
        (PAGE / "README.md").write_text(page(found, list(ROWS)), encoding="utf-8")
        lines.append(finding.line())
    print(f"── {PAGE.relative_to(ROOT)}/README.md, {time.monotonic() - began:.0f} s")
    print("\n".join(lines))


def reproduce(row: Row, store: ResultStore, num_processes: int) -> Finding:
    """Train the cells of a row until it asks for no more, judge them and draw its figure."""
    results = train_all([], store, num_processes=num_processes, report=_report)
    while any(job.key() not in results for job in row.plan(results)):
        results = train_all(row.plan(results), store, num_processes=num_processes, report=_report)
    checks, panels = row.judge(results)
    draw(panels, PAGE / f"{row.name}.svg")
    seconds = sum(result.seconds for result in results.values())
    return Finding(row.name, row.claim, row.setting, tuple(checks), seconds)


def _report(line: str) -> None:
    print(f"   {line}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.reproduce", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--processes", type=int, default=2, help="cells trained side by side, a thread each")
    return parser.parse_args()


if __name__ == "__main__":
    main()
