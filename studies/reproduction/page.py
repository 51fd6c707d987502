"""Page of the reproduction as Markdown: a table of the claims, then each row's checks and figure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from studies.page.checks import Check, shown
from studies.reproduction.findings import Finding

_HEAD = """# The paper, at the size of a CPU

Written by `make reproduce`; do not edit. Claims F1-F6 and lines of the appendix of *Super Consistency of
Neural Network Landscapes and Learning Rate Transfer* (arXiv 2402.17457), with µScope's own trainer, curvature
and statistics, on data made on the machine that runs it. Widths, steps and seeds are far below the paper's,
so "does not hold here" speaks of this size, not of the paper. Limits were written before the first run; which
settings were changed after a first look stands in docs/log.md.

Sharpness is λ_max(C^½ H C^½). A spread is the median over steps of the largest ln ratio between sizes; its
limit is ln 1.5 ≈ 0.41. Shifts of the optimal LR are in octaves, their limit is 1; `≥` marks an optimum on the
edge of its grid, so that the true shift may be larger. In the figures colour is the size.
"""


def load(path: Path) -> dict[str, Finding]:
    """Return the findings kept in a file, by name; none where there is no file."""
    if not path.is_file():
        return {}
    return {content["name"]: Finding.from_json(content) for content in json.loads(path.read_text("utf-8"))}


def save(path: Path, findings: Mapping[str, Finding], order: Sequence[str]) -> None:
    """Keep the findings, in order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = [findings[name].to_json() for name in order if name in findings]
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def page(findings: Mapping[str, Finding], order: Sequence[str]) -> str:
    """Return the page; a row without a finding is named as not run."""
    table = ["| row | claim | what we measured | here | why |", "|---|---|---|---|---|"]
    table += [_table_row(findings[name]) if name in findings else _missing(name) for name in order]
    sections = [_section(findings[name]) for name in order if name in findings]
    return "\n".join([_HEAD, *table, "", *sections])


def _table_row(finding: Finding) -> str:
    measured = "; ".join(f"{check.text}: {shown(check)}" for check in finding.checks)
    verdict = "holds" if finding.holds else "**does not hold here**"
    missed = [f"{check.text}: {check.why_not}" for check in finding.checks if not check.holds]
    why = "; ".join(missed) or "every limit is kept"
    here = f"{verdict} ({finding.num_holding} of {len(finding.checks)})"
    name = f"[{finding.name}](#{finding.name})"
    return f"| {name} | {finding.claim} | {_cell(measured)} | {here} | {_cell(why)} |"


def _missing(name: str) -> str:
    return f"| {name} | | | not run yet | `make reproduce ONLY={name}` |"


def _section(finding: Finding) -> str:
    lines = [
        f"## {finding.name}",
        "",
        f"{finding.claim}",
        "",
        f"*Setting:* {finding.setting} {finding.seconds:.0f} s of processor time.",
        "",
        "| check | measured | limit | |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {_cell(check.text)} | {shown(check)} | {check.relation} {check.limit:.2f} | {_answer(check)} |"
        for check in finding.checks
    ]
    return "\n".join([*lines, "", f"![{finding.name}]({finding.name}.svg)", ""])


def _answer(check: Check) -> str:
    return "yes" if check.holds else "**no**"


def _cell(text: str) -> str:
    """Return text that stays within one cell of a table."""
    return text.replace("|", "\\|")
