"""What the README promises, held against the code."""

from __future__ import annotations

import re
from pathlib import Path

from backend.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


def test_every_setting_is_in_the_readme_and_no_other():
    table = (ROOT / "README.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(PORT|MUSCOPE_[A-Z_]+)` \|", table, re.MULTILINE))
    existing = {"PORT" if name == "port" else f"MUSCOPE_{name.upper()}" for name in Settings.model_fields}

    assert documented == existing


def test_every_decision_is_numbered_once_and_names_what_enforces_it():
    decisions = sorted((ROOT / "docs/decisions").glob("0*.md"))
    numbers = [path.name[:4] for path in decisions]

    assert len(set(numbers)) == len(numbers)
    assert all("**Enforced by.**" in path.read_text(encoding="utf-8") for path in decisions)


def test_paths_named_in_the_decisions_exist():
    tree = "backend|worker|studies|benchmarks|tests|alembic"
    named = {
        path
        for decision in (ROOT / "docs/decisions").glob("0*.md")
        for path in re.findall(rf"`((?:{tree})/[\w/.-]+)`", decision.read_text("utf-8"))
    }

    assert sorted(path for path in named if not (ROOT / path).exists()) == []
