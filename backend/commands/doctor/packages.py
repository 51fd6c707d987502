"""Python and the installed packages, against what µScope was tested with."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata

from muscope.backend.commands.doctor.check_result import CheckResult, failure, warning, well

OLDEST_PYTHON = (3, 11)
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[\w,-]+\])?\s*([^;]*)(?:;\s*(.*))?")
_BOUND = re.compile(r"(==|>=|<)\s*([\d.]+)")


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> CheckResult:
    """Tell whether this Python is new enough."""
    given, oldest = (".".join(map(str, each)) for each in (version, OLDEST_PYTHON))
    if version < OLDEST_PYTHON:
        return failure("python", "old", given=given, oldest=oldest)
    return well("python", given=given)


def check_packages(
    requirements: Iterable[str] | None = None, installed: Mapping[str, str] | None = None
) -> CheckResult:
    """Tell which installed packages are outside the tested ranges, and which of the client's are missing."""
    wanted = list(metadata.requires("muscope") or () if requirements is None else requirements)
    found = _installed() if installed is None else installed
    wrong = sorted(filter(None, (_fault(each, found) for each in wanted)))
    if wrong:
        return warning("packages", "outside", packages="; ".join(dict.fromkeys(wrong)))
    return well("packages", count=len(found))


def _fault(requirement: str, installed: Mapping[str, str]) -> str | None:
    parts = _REQUIREMENT.match(requirement)
    assert parts is not None
    name, bounds, marker = parts.groups()
    version = installed.get(_plain(name))
    if version is None:  # the packages of an extra are there if it was asked for
        return None if marker else f"{name}: expected {bounds}, given none"
    if all(_is_within(version, sign, bound) for sign, bound in _BOUND.findall(bounds)):
        return None
    return f"{name}: expected {bounds}, given {version}"


def _is_within(version: str, sign: str, bound: str) -> bool:
    given, limit = _numbers(version), _numbers(bound)
    width = max(len(given), len(limit))
    given, limit = (each + (0,) * (width - len(each)) for each in (given, limit))
    return {"==": given == limit, ">=": given >= limit, "<": given < limit}[sign]


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a release; what stands behind them, as in 2.13.0+cpu, names a build of it."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()


def _installed() -> dict[str, str]:
    return {_plain(each.name): each.version for each in metadata.distributions()}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
