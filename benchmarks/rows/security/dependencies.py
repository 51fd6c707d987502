"""Known vulnerabilities of the tested versions, asked from the advisory service of the package index."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.peer import ROOT
from benchmarks.report import RowResult

TIMEOUT_SECONDS = 600


def dependencies() -> RowResult:
    """No version in constraints.txt has a known vulnerability; without an answer the row is short."""
    command = (sys.executable, "-m", "pip_audit", "-r", str(ROOT / "constraints.txt"))
    options = ("--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    try:
        done = subprocess.run(
            (*command, *options), capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return judged("", "no answer in time")
    return judged(done.stdout, done.stderr)


def judged(output: str, errors: str) -> RowResult:
    """Return the row's result from the audit's JSON; an audit that did not look is never a pass."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (errors.strip().splitlines() or ["no output"])[-1]
        return RowResult(
            "not_looked", "0_known", is_met=False, notes=[f"The audit did not look: {last[:300]}"]
        )
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    found = [
        f"{each['name']} {each['version']}: {hole['id']}"
        for each in packages
        for hole in each.get("vulns", [])
    ]
    notes = [f"{len(packages) - len(skipped)} of {len(packages)} packages looked up.", *found]
    value = f"{len(found)}_known,{len(skipped)}_not_looked_up"
    return RowResult(value, "0_known", bool(packages) and not skipped and not found, notes=notes)
