"""The steps of `make test`, `make check`, `make types` and `make test-fast`."""

from __future__ import annotations

import itertools

import pytest

from scripts import checks
from scripts.checks import side_by_side, steps_of

MARKERS = ("system", "browser", "slow", "gpu")


def selects(command, markers):
    """Tell whether the command's `-m` takes a test with these markers; its words mean the same in Python."""
    expression = command[command.index("-m", command.index("pytest") + 1) + 1]
    return eval(expression, {}, {name: name in markers for name in MARKERS})


@pytest.mark.parametrize(
    "markers",
    [set(some) for count in range(5) for some in itertools.combinations(MARKERS, count)],
    ids=lambda markers: " ".join(sorted(markers)) or "none",
)
def test_every_test_runs_in_exactly_one_step_and_the_fast_ones_are_those_without_a_marker(markers):
    steps = steps_of()

    of_all = [selects(command, markers) for command in steps.values() if "pytest" in command]

    assert sorted(of_all) == [False, True]
    assert selects(steps_of("fast")["fast tests"], markers) == (not markers)


def test_a_part_is_what_its_name_says():
    assert list(steps_of("types")) == ["mypy"]
    assert list(steps_of("check")) == [
        "ruff check",
        "ruff format",
        "import rules",
        "compose file",
        "js",
        "mypy",
    ]
    assert list(steps_of())[: len(steps_of("check"))] == list(steps_of("check"))


def test_what_starts_whole_stacks_runs_alone():
    commands = steps_of()

    assert set(side_by_side()) <= set(commands["tests"])
    assert set(side_by_side("loadfile", most=2)) <= set(commands["system and browser tests"])


@pytest.fixture
def pytest_ends_with(tmp_path, monkeypatch):
    """Return a function that says how each call of pytest ends; every other program of a step succeeds."""
    monkeypatch.setattr(checks, "BIN", tmp_path)
    monkeypatch.setattr(checks, "ARGUMENTS", ())  # the choice of whoever runs these tests is not theirs
    for name in ("ruff", "lint-imports", "check-jsonschema", "make", "mypy", "python"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 0\n")
        (tmp_path / name).chmod(0o755)

    def ends_with(*codes):
        folder = tmp_path / "codes"
        folder.mkdir()
        for number, code in enumerate(codes):
            (folder / f"{number}").write_text(str(code))
        take_one = f'set -- {folder}/*; code=$(cat "$1"); rm "$1"; exit "$code"'
        (tmp_path / "python").write_text(f"#!/bin/sh\n{take_one}\n")

    return ends_with


def test_the_first_step_that_fails_ends_the_run_with_its_status(pytest_ends_with, capfd):
    pytest_ends_with(3, 0)

    assert checks.main([]) == 3
    assert "── tests: FAILED (3)" in (said := capfd.readouterr().out)
    assert "system and browser" not in said


def test_a_step_that_finds_no_test_fails(pytest_ends_with):
    pytest_ends_with(5)

    assert checks.main([]) == 5


def test_a_step_may_find_no_test_where_the_caller_chose_among_them(pytest_ends_with, monkeypatch):
    monkeypatch.setattr(checks, "ARGUMENTS", ("tests/backend",))
    pytest_ends_with(5, 0)

    assert checks.main([]) == 0


def test_a_choice_that_finds_no_test_anywhere_fails(pytest_ends_with, monkeypatch):
    monkeypatch.setattr(checks, "ARGUMENTS", ("tests/nowhere",))
    pytest_ends_with(5, 5)

    assert checks.main([]) == 5
