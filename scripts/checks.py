"""Run the steps of `make test` in the order that fails fastest, and print the time of each.

python scripts/checks.py [check | types | fast | node]

`check` leaves out the tests, `types` runs mypy only, `fast` runs the tests that start no processes and take
no more than a few seconds each, `node` tells by its exit status whether Node.js is new enough.
PYTEST_ARGUMENTS is added to every call of pytest.
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
MOST_STACKS = 2  # of system and browser tests, each with a server, a worker and a browser
MOST_PROCESSES = 4  # each loads torch and the product: half a gigabyte
NOTHING_SELECTED = 5  # the exit status of pytest that found no test
PYTEST = ("python", "-m", "pytest")
ARGUMENTS = tuple(os.environ.get("PYTEST_ARGUMENTS", "").split())

Steps = dict[str, tuple[str, ...]]
# Of Node.js, which the tools that check the page's scripts need, and nothing else here.
NODE = (20, 19)
WHY_NODE = f"npm checks the scripts of the page, and needs Node.js {NODE[0]}.{NODE[1]} or newer"

# mypy knows neither setup.py nor the import hook of pip; pyproject.toml has it look here.
TYPED = ROOT / "build" / "typed"
PACKAGES = ("backend", "worker")


def main(arguments: list[str]) -> int:
    """Run every step until one fails; returns its exit status."""
    if arguments == ["node"]:
        return 0 if missing_node() is None else 1
    link_packages()
    began = time.monotonic()
    steps = steps_of(*arguments)
    # A caller's choice of tests may leave all but one of the calls of pytest without any.
    may_be_empty = sum(PYTEST[0] in command for command in steps.values()) - 1 if ARGUMENTS else 0
    for name, command in steps.items():
        missing = missing_node() if name == "js" else None
        code = run_step(name, command) if missing is None else without_node(missing, os.environ)
        if code == NOTHING_SELECTED and may_be_empty > 0:
            may_be_empty -= 1
        elif code != 0:
            return code
    print(f"── all good, {time.monotonic() - began:.1f} s")
    return 0


def link_packages() -> None:
    """Show mypy the packages by their names, as links to the folders."""
    for name in PACKAGES:
        link = TYPED / "muscope" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(Path(*[".."] * 3, name))


def run_step(name: str, command: tuple[str, ...]) -> int:
    """Run one step, saying its name before and its outcome after; returns its exit status."""
    print(f"── {name}", flush=True)
    started = time.monotonic()
    program, *rest = command
    own = BIN / program  # of the virtual environment, where it is there
    code = subprocess.run((own if own.exists() else program, *rest), cwd=ROOT, check=False).returncode
    outcome = {0: "ok", NOTHING_SELECTED: "no tests"}.get(code, f"FAILED ({code})")
    print(f"── {name}: {outcome}, {time.monotonic() - started:.1f} s", flush=True)
    return code


def steps_of(part: str = "all") -> Steps:
    """Return the steps of a part by name; raises KeyError for an unknown part."""
    types: Steps = {"mypy": ("mypy",)}
    checks: Steps = {
        "ruff check": ("ruff", "check", "."),
        "ruff format": ("ruff", "format", "--check", "."),
        "import rules": ("lint-imports",),
        "compose file": ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
        "js": ("make", "js"),
    }
    # The stacks that system and browser tests start wait for much of their time: two share the cores well.
    tests: Steps = {
        "tests": (*PYTEST, *side_by_side(), "-m", "not system and not browser", *ARGUMENTS),
        "system and browser tests": (
            *(*PYTEST, *side_by_side("loadfile", most=MOST_STACKS)),
            *("-m", "system or browser", *ARGUMENTS),
        ),
    }
    fast: Steps = {
        "fast tests": (
            *(*PYTEST, *side_by_side()),
            *("-m", "not system and not browser and not slow and not gpu", *ARGUMENTS),
        )
    }
    return {"all": checks | types | tests, "check": checks | types, "types": types, "fast": fast}[part]


def side_by_side(how: str = "worksteal", most: int = MOST_PROCESSES) -> tuple[str, ...]:
    """Return the options of pytest-xdist: a process per core, but `most`.

    By `worksteal` each begins with a stretch of its own; by `loadfile` a file stays with one process, and
    so does what its tests leave on its stack.
    """
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    # Stretches keep the tests of a module together, and with them its fixtures; whoever is done takes over.
    return ("--numprocesses", str(min(cores, most)), "--dist", how)


def missing_node() -> str | None:
    """Return the part of Node.js that is missing, in words; None where node and npm are new enough."""
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
    """Report that the page's scripts go unchecked: an error in CI only, as µScope itself needs no Node.js."""
    is_ci = environment.get("CI", "").lower() in ("1", "true")
    print(f"── js: {'FAILED' if is_ci else 'skipped'}, {missing}: {WHY_NODE}", flush=True)
    return 1 if is_ci else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
