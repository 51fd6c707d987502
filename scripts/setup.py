# -*- coding: utf-8 -*-
# ruff: noqa: UP009, UP010, UP030, UP032, UP036, PTH100, PTH107, PTH110, PTH118, PTH120, PTH123
"""Prepare .venv for `make`: the right Python, the tested packages, nothing twice.

Standard library only, and old syntax on purpose: an old Python must get far enough to say that it is too old.

    python scripts/setup.py EXTRA...
"""

from __future__ import print_function

import hashlib
import json
import os
import re
import subprocess
import sys

TYPE_CHECKING = False  # types stand in comments, which an old Python does not read
if TYPE_CHECKING:
    from typing import Any  # noqa: F401  (the type comments use it)

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "muscope-setup.json")
LOG = os.path.join(VENV, "muscope-setup.log")
HINT = "choose another one with PYTHON=, for example: make run PYTHON=python3.12"


def main(extras):
    # type: (list[str]) -> int
    """Do what is missing; silent when nothing is."""
    if sys.version_info < OLDEST:
        given = ".".join(str(part) for part in sys.version_info[:3])
        return fail(
            "µScope needs Python 3.11 or newer, this is {0} ({1}); {2}".format(given, sys.executable, HINT)
        )
    wanted = wanted_state(extras)
    if is_done(wanted):
        return 0
    if not has_new_enough_python():
        print("Creating .venv with Python {0}".format(sys.version.split()[0]), flush=True)
        if not can_make_venv():
            return fail(
                "This Python cannot make virtual environments; on Debian or Ubuntu run "
                "`sudo apt install python3-venv`, or {0}".format(HINT)
            )
        subprocess.check_call([sys.executable, "-m", "venv", "--clear", VENV])
    return install(extras, wanted)


def wanted_state(extras):
    # type: (list[str]) -> dict[str, Any]
    """Return what the environment depends on: dependencies and versions, not the tools' settings."""
    import tomllib

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)
    parts = [project["build-system"], project["project"], project["tool"].get("setuptools"), ROOT]
    content = json.dumps(parts, sort_keys=True).encode()
    for name in ("setup.py", "constraints.txt"):
        with open(os.path.join(ROOT, name), "rb") as file:
            content += file.read()
    return {"digest": hashlib.sha256(content).hexdigest(), "extras": sorted(extras)}


def is_done(wanted):
    # type: (dict[str, Any]) -> bool
    """Tell whether the stamp says that all of this is installed already."""
    try:
        with open(STAMP) as file:
            found = json.load(file)
    except (OSError, ValueError):
        return False
    same = found.get("digest") == wanted["digest"] and os.path.exists(VENV_PYTHON)
    return same and set(wanted["extras"]) <= set(found.get("extras", ()))


def has_new_enough_python():
    # type: () -> bool
    """Tell whether .venv exists and its Python still runs and is new enough."""
    check = "import sys, pip; sys.exit(sys.version_info < {0!r})".format(OLDEST)
    try:
        return subprocess.call([VENV_PYTHON, "-c", check], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def can_make_venv():
    # type: () -> bool
    """Tell whether the parts that Debian packages separately are here."""
    try:
        import ensurepip
        import venv
    except ImportError:
        return False
    return bool(ensurepip and venv)


def install(extras, wanted):
    # type: (list[str], dict[str, Any]) -> int
    """Let pip install the project and its extras within the tested versions."""
    print(
        "Installing the tested packages into .venv; the first time downloads them, which takes minutes",
        flush=True,
    )
    if os.path.exists(LOG):
        os.remove(LOG)
    command = [VENV_PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--log", LOG]
    command += ["--constraint", "constraints.txt", "--editable", ".[{0}]".format(",".join(sorted(extras)))]
    code = subprocess.call(command, cwd=ROOT)
    if code != 0:
        return fail(explain(code))
    with open(STAMP, "w") as file:
        json.dump(wanted, file)
    return 0


def explain(code):
    # type: (int) -> str
    """Return one sentence about what pip could not do."""
    text = ""
    if os.path.exists(LOG):
        with open(LOG, encoding="utf-8", errors="replace") as file:
            text = file.read()
    missing = re.findall(r"No matching distribution found for (\S+)", text)
    if missing and not re.search(r"NewConnectionError|ConnectTimeout|ProxyError|SSLError", text):
        return (
            "There is no package {0} for this platform and Python {1}; µScope runs on Linux (glibc 2.28 "
            "or newer) and macOS on arm64; {2}".format(missing[-1], sys.version.split()[0], HINT)
        )
    if missing:
        return (
            "The package index could not be reached: check the network or proxy; details are in {0}".format(
                LOG
            )
        )
    return "pip failed with exit status {0}; the reason is above and in {1}".format(code, LOG)


def fail(sentence):
    # type: (str) -> int
    """Print one sentence and return the exit status."""
    if sys.version_info < (3,):
        sentence = sentence.decode("utf-8").encode(sys.stderr.encoding or "ascii", "replace")
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
