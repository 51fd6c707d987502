"""Run the steps of `make test` in the order that fails fastest, and print the time of each.

python scripts/checks.py [check]      # `check` leaves out the tests
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "import rules": ("lint-imports",),
    "compose file": ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
    "mypy": ("mypy",),
}
TESTS = {"pytest": ("python", "-m", "pytest", *os.environ.get("PYTEST_ARGUMENTS", "").split())}


def main(arguments: list[str]) -> int:
    """Run every step until one fails; returns its exit status."""
    steps = CHECKS if arguments == ["check"] else CHECKS | TESTS
    began = time.monotonic()
    for name, (program, *rest) in steps.items():
        print(f"── {name}", flush=True)
        started = time.monotonic()
        code = subprocess.run((BIN / program, *rest), cwd=ROOT, check=False).returncode
        verdict = "ok" if code == 0 else f"FAILED ({code})"
        print(f"── {name}: {verdict}, {time.monotonic() - started:.1f} s", flush=True)
        if code != 0:
            return code
    print(f"── all good, {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
