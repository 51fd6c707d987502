"""Examples of the documentation, run as a reader would: in a shell, against a real instance."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.instance import Instance

pytestmark = pytest.mark.system

SITE = Path(__file__).resolve().parents[2] / "docs" / "site"
BLOCK = re.compile(r"^```(sh|python) run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTED_URL = "http://127.0.0.1:8000"
PAGES = [path for path in sorted(SITE.rglob("*.md")) if BLOCK.search(path.read_text(encoding="utf-8"))]
# The other languages have the same examples, which the test below compares.
RUN = [path for path in PAGES if path.parent.name == "en"]


def as_script(page: Path) -> str:
    """Return the examples of a page as one script; those in Python read what the shell exports."""
    script = ["set -euo pipefail -a"]
    for language, code in BLOCK.findall(page.read_text(encoding="utf-8")):
        script.append(code if language == "sh" else f"python - <<'END_OF_PYTHON'\n{code}END_OF_PYTHON")
    return "\n".join(script)


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.relative_to(SITE).as_posix())
def test_the_examples_of_a_page_run_as_they_are_written(instance: Instance, tmp_path, page):
    assert shutil.which("curl"), "the examples need curl"
    script = as_script(page).replace(DOCUMENTED_URL, instance.url)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    ended = subprocess.run(
        ("bash", "-c", script),
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.strip() != ""


def test_both_languages_have_the_same_examples():
    examples = {
        language: {
            path.name: re.sub("Accept-Language: [a-z]+", "", str(BLOCK.findall(path.read_text("utf-8"))))
            for path in PAGES
            if path.parent.name == language
        }
        for language in ("en", "ja")
    }

    assert set(examples["en"]) == {
        "api-changes.md",
        "automation.md",
        "operator.md",
        "python.md",
        "scripts.md",
    }
    assert examples["en"] == examples["ja"]


def test_a_command_that_fails_fails_its_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A\n\n```sh run\nfalse | cat\n```\n")

    assert subprocess.run(("bash", "-c", as_script(page)), check=False).returncode != 0
