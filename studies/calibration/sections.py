"""Sections of the study's page: goals, tables and text of a row, kept as JSON and written as Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from studies.page.checks import Check, closing_line, shown
from studies.repository import ROOT

PAGE = ROOT / "docs/calibration"
# Name of the record file beside the page; `studies.calibration.install` copies it into the product.
RECORD = "record.json"
TAKEN_OVER = "taken_over.json"
_HEAD = """# How far the verdict can be trusted

Written by `make calibrate`; do not edit. Four parts: sweeps drawn with a known truth (`simulated`), trained
networks whose largest sizes were hidden from the verdict (`real`), the staged protocol replayed on both
(`staged`), and the choice of the usual way of training (`recipes`). Every verdict is that of the product's
own rules, `muscope.backend.analysis.verdict.judge`, with the thresholds a user gets. Goals were set before
the first run; what is missed is said.
"""


@dataclass(frozen=True)
class Goal:
    """Measured number with the goal set before the first run; `name` stands in the closing lines."""

    name: str
    check: Check

    def line(self) -> str:
        """Return `<name> <value> <goal> ok|short`."""
        check = self.check
        return closing_line(self.name, f"{check.measured:.4g}", f"{check.limit:g}", is_met=check.holds)


@dataclass(frozen=True)
class Table:
    """Rows of text under a title."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def to_markdown(self) -> str:
        """Return the table with its title."""
        lines = [self.head, ("---",) * len(self.head), *self.rows]
        cells = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
        return "\n".join([f"**{self.title}**", "", *cells])


@dataclass(frozen=True)
class Section:
    """Section of the page: the result of one row.

    Attributes:
        words: paragraphs below the title.
        figures: names of SVG files beside the page.
        made: when, under which rule version, from how much.
    """

    name: str
    title: str
    words: tuple[str, ...]
    goals: tuple[Goal, ...]
    tables: tuple[Table, ...]
    figures: tuple[str, ...]
    made: str

    def to_markdown(self) -> str:
        """Return the section."""
        head = ("goal", "measured", "limit", "holds", "why not")
        rows = tuple(
            (
                one.check.text,
                shown(one.check),
                f"{one.check.relation} {one.check.limit:g}",
                *_answer(one.check),
            )
            for one in self.goals
        )
        parts = [f"## {self.name}: {self.title}", f"*{self.made}*", *self.words]
        parts += [table.to_markdown() for table in (Table("Goals", head, rows), *self.tables)]
        parts += [f"![{name}]({name}.svg)" for name in self.figures]
        return "\n\n".join(parts) + "\n"

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Return the section that `save` wrote."""
        goals = tuple(
            Goal(one["name"], Check(**one["check"] | {"measured": float(one["check"]["measured"])}))
            for one in content["goals"]
        )
        tables = tuple(
            Table(one["title"], tuple(one["head"]), tuple(tuple(row) for row in one["rows"]))
            for one in content["tables"]
        )
        texts = {name: tuple(content[name]) for name in ("words", "figures")}
        return cls(**content | texts | {"goals": goals, "tables": tables})


def _answer(check: Check) -> tuple[str, str]:
    return ("yes", "") if check.holds else ("**no**", check.why_not)


def load(path: Path) -> dict[str, Section]:
    """Return the sections kept in a file; none where there is no file."""
    if not path.is_file():
        return {}
    return {content["name"]: Section.from_json(content) for content in json.loads(path.read_text("utf-8"))}


def save(path: Path, sections: Mapping[str, Section], order: Sequence[str]) -> None:
    """Keep the sections, in order; infinities and NaN as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = [asdict(sections[name]) for name in order if name in sections]
    for section in content:
        for goal in section["goals"]:
            goal["check"]["measured"] = repr(float(goal["check"]["measured"]))
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def page(sections: Mapping[str, Section], order: Sequence[str]) -> str:
    """Return the page; a section that was not run yet is named."""
    written = [
        sections[name].to_markdown()
        if name in sections
        else f"## {name}\n\nNot run yet: `make calibrate ONLY={name}`.\n"
        for name in order
    ]
    return "\n".join([_HEAD, *written])
