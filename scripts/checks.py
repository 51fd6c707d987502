"""Run the steps of `make test` in the order that fails fastest, and print the time of each.

python scripts/checks.py [check]      # `check` leaves out the tests
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "import rules": ("lint-imports",),
    "compose file": ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
    "mypy": ("mypy",),
    "js": ("make", "js"),
}
TESTS = {"pytest": ("python", "-m", "pytest", *os.environ.get("PYTEST_ARGUMENTS", "").split())}


NODE = (20, 19)
WHY_NODE = f"npm checks the scripts of the page, and needs Node.js {NODE[0]}.{NODE[1]} or newer"


def main(arguments: list[str]) -> int:
    """Run every step until one fails; returns its exit status."""
    steps = CHECKS if arguments == ["check"] else CHECKS | TESTS
    began = time.monotonic()
    for name, command in steps.items():
        missing = missing_node() if name == "js" else None
        code = run(name, command) if missing is None else without_node(missing, os.environ)
        if code != 0:
            return code
    print(f"── all good, {time.monotonic() - began:.1f} s")
    return 0


def run(name: str, command: tuple[str, ...]) -> int:
    """Run one step, with programs of the virtual environment first, and say how it went."""
    print(f"── {name}", flush=True)
    started = time.monotonic()
    program = BIN / command[0]
    found = program if program.exists() else command[0]
    code = subprocess.run((found, *command[1:]), cwd=ROOT, check=False).returncode
    verdict = "ok" if code == 0 else f"FAILED ({code})"
    print(f"── {name}: {verdict}, {time.monotonic() - started:.1f} s", flush=True)
    return code


def missing_node() -> str | None:
    """Return what of Node.js is missing, in words; None where node and npm are there and new enough."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} was not found"
    written = subprocess.run(
        ("node", "--version"), capture_output=True, text=True, check=False
    ).stdout.strip()
    return None if is_new_enough(written) else f"node is {written or 'of an unknown version'}"


def is_new_enough(version: str) -> bool:
    """Tell whether `node --version` names a version that the tools run on."""
    found = re.match(r"v(\d+)\.(\d+)\.", version)
    return found is not None and (int(found[1]), int(found[2])) >= NODE


def without_node(missing: str, environment: Mapping[str, str]) -> int:
    """Say that the page's scripts go unchecked: an error in CI only, as µScope itself needs no Node.js."""
    is_ci = environment.get("CI", "").lower() in ("1", "true")
    print(f"── js: {'FAILED' if is_ci else 'skipped'}, {missing}: {WHY_NODE}", flush=True)
    return 1 if is_ci else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
