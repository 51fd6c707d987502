"""The server of the client's tests, and the command as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from muscope.backend.cli import main
from tests.backend.client.conftest import client, live, url

__all__ = ["client", "live", "url"]

Typed = Callable[..., tuple[int, str]]


@pytest.fixture
def typed(url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Run a command against the server; returns the exit status and what stands on stdout."""
    monkeypatch.setenv("MUSCOPE_SERVER", url)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        status = main(list(arguments))
        return status, capsys.readouterr().out

    return run


@pytest.fixture
def told(typed: Typed) -> Callable[..., Any]:
    """Run a command that succeeds with --json; returns the value on stdout."""

    def run(*arguments: str) -> Any:
        status, out = typed(*arguments, "--json")
        assert status == 0
        return json.loads(out)

    return run
