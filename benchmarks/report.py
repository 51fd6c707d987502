"""Result of a row, and the page docs/bench.md: one section a row, replaced when the row runs again."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.peer import ROOT

PAGE = ROOT / "docs" / "bench.md"
_HEADING = """# Benchmarks

Written by `make bench`; one section is replaced by `make bench ONLY=<row>`. Ours and the peer's turns
alternate in one run; a figure is the median of its turns. Where both sides have one thread, seconds are
processor seconds, which a neighbour on the core does not lengthen much; the headline is wall time. The goals
stand in the project's design; what limits a row that is short is told in `docs/log.md`.

"""


@dataclass(frozen=True)
class RowResult:
    """Value, goal and tables of a row; no blanks in the first two, which are words of the closing line."""

    value: str
    goal: str
    is_met: bool
    table: Sequence[Sequence[str]] = ()
    notes: Sequence[str] = ()


def closing_line(name: str, result: RowResult) -> str:
    """Return `<name> <value> <goal> ok|short`."""
    return f"{name} {result.value} {result.goal} {'ok' if result.is_met else 'short'}"


def section(name: str, result: RowResult, *, load: str) -> str:
    """Return a row's Markdown section, up to and with its closing line."""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    where = f"{now}, commit {_commit()}, {machine()}, load {load}. Command: `{_command(name)}`."
    parts = [f"## {name}", where]
    if result.table:
        head, *rows = result.table
        parts.append("\n".join(_cells(row) for row in (head, ["---"] * len(head), *rows)))
    parts += result.notes
    parts.append(f"`{closing_line(name, result)}`")
    return "\n\n".join(parts) + "\n"


def write(name: str, text: str) -> None:
    """Put a section into the page in place of the row's last one, or at its end."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else _HEADING
    found = re.search(rf"^## {name}\n.*?(?=^## |\Z)", page, flags=re.DOTALL | re.MULTILINE)
    page = page[: found.start()] + text + "\n" + page[found.end() :] if found else f"{page}\n{text}\n"
    PAGE.write_text(page.rstrip("\n") + "\n", encoding="utf-8")


def machine() -> str:
    """Name the processor, its cores and its widest vectors."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    model = re.search(r"model name\s*: (.*)", text)
    vectors = next((name for name in ("avx512f", "avx2") if name in text), "")
    return f"{os.cpu_count()} cores {model[1] if model else platform.processor()} {vectors}".strip()


def _command(name: str) -> str:
    """Return what runs a row; those of faults and of security have targets of their own."""
    target, _, row = name.partition("_")
    return f"make {target} ONLY={row}" if target in {"faults", "security"} else f"make bench ONLY={name}"


def _commit() -> str:
    command = ("git", "describe", "--always", "--dirty")
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _cells(row: Sequence[str]) -> str:
    return "| " + " | ".join(row) + " |"
