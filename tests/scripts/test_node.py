"""The steps of `make test`: what depends on Node.js is left out where a user lacks it, never in CI."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.checks import is_new_enough, main, missing_node, without_node


@pytest.mark.parametrize("version", ["v20.19.0", "v20.20.2", "v22.1.0", "v100.0.0"])
def test_new_versions_of_node_are_enough(version):
    assert is_new_enough(version)


@pytest.mark.parametrize("version", ["v20.18.9", "v18.20.4", "v9.99.0", "", "20.19.0"])
def test_old_and_unknown_versions_are_not(version):
    assert not is_new_enough(version)


def test_a_machine_without_node_is_told_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert missing_node() == "node was not found"


def test_a_node_that_is_too_old_is_named(monkeypatch, tmp_path):
    for program in ("node", "npm"):
        write_program(tmp_path / program, "echo v18.20.4")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert missing_node() == "node is v18.20.4"


def test_ci_can_ask_whether_node_is_there(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert main(["node"]) == 1


def test_a_missing_node_is_an_error_in_ci_only(capsys):
    assert without_node("node was not found", {}) == 0
    assert without_node("node was not found", {"CI": "true"}) == 1

    skipped, failed = capsys.readouterr().out.splitlines()
    assert "skipped, node was not found" in skipped
    assert "FAILED, node was not found" in failed


def write_program(path: Path, command: str) -> None:
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)
