"""All checks in their order, printed one a line."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from muscope.backend.catalogue import text
from muscope.backend.client.synchronous.client import DEFAULT_SERVER
from muscope.backend.commands.doctor.check_result import CheckResult, failure
from muscope.backend.commands.doctor.packages import check_packages, check_python
from muscope.backend.commands.doctor.server import check_server
from muscope.backend.commands.output import print_json, print_table
from muscope.backend.grammar.asking import FAILURE


def doctor(options: Namespace, server: str | None, token: str | None, language: str) -> int:
    """Print what was found; the exit status is 1 if anything fails."""
    findings = list(examine(server, token, language))
    if options.json:
        print_json([_as_json(each, language) for each in findings])
    else:
        print_table(_line(each, language) for each in findings)
    return FAILURE if any(each.state == "fail" for each in findings) else 0


def examine(server: str | None, token: str | None, language: str) -> Iterator[CheckResult]:
    """Check this Python, this machine unless another server is asked, and the server."""
    yield check_python()
    yield check_packages()
    if server is None:
        yield from _machine()
    yield from check_server(server or _own_address(), token, language, is_needed=server is not None)


def _machine() -> Iterator[CheckResult]:
    """Check what a server needs, where its packages are installed."""
    try:
        from pydantic import ValidationError

        from muscope.backend.commands.doctor.machine import check_machine
        from muscope.backend.settings import get_settings
    except ModuleNotFoundError:
        return  # a client only
    try:
        settings = get_settings()
    except ValidationError as error:
        yield failure("settings", "wrong", details="; ".join(item["msg"] for item in error.errors()))
        return
    yield from check_machine(settings)


def _own_address() -> str:
    try:
        from pydantic import ValidationError

        from muscope.backend.settings import get_settings
        from muscope.backend.stack.web_address import address
    except ModuleNotFoundError:
        return DEFAULT_SERVER
    try:
        return address(get_settings())
    except ValidationError:
        return DEFAULT_SERVER


def _as_json(finding: CheckResult, language: str) -> dict[str, object]:
    return {"check": finding.check, "state": finding.state, "message": finding.sentence(language)}


def _line(finding: CheckResult, language: str) -> tuple[str, str, str]:
    name = text(f"doctor.{finding.check}", language)
    return finding.state, name, finding.sentence(language)
