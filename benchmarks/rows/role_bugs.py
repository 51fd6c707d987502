"""Seeded mistakes of parametrization in five networks: the share that is named, and false alarms."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks.report import RowResult
from benchmarks.seeded_models.mistakes import NETWORKS, Seeded, right, seeded
from benchmarks.seeded_models.parametrized import RATES, Brought
from muscope.backend.analysis.model_check.judge import judge
from muscope.backend.domain.brought.finding import CheckReport, Severity
from muscope.backend.domain.brought.question import CheckQuestion
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.worker.brought.check.sweep import measure_brought
from muscope.worker.brought.loading import BroughtModel

WIDTHS = (16, 32, 64, 128)
NUM_SEEDS, RIGHT_SEEDS, SEEDS_A_CHECK = 5, 10, 3
GOAL, FALSE_ALARMS = 0.95, 0.05


class _Answered(NamedTuple):
    """One check: whether it names what is wrong, whether it names anything, and right tensors it names."""

    is_named: bool
    has_finding: bool
    num_named_though_right: int


def role_bugs() -> RowResult:
    """Check every mistake with five seeds and every right plan with ten."""
    wrong = [(case, seed) for case in seeded() for seed in range(NUM_SEEDS)]
    sound = [(case, seed) for case in right() for seed in range(RIGHT_SEEDS)]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        answers = list(pool.map(_answer, [*wrong, *sound], chunksize=4))
    of_wrong, of_sound = answers[: len(wrong)], answers[len(wrong) :]
    tried = Counter((case.number, case.network) for case, _ in wrong)
    named = Counter(
        (case.number, case.network)
        for (case, _), answer in zip(wrong, of_wrong, strict=True)
        if answer.is_named
    )
    num_alarms = sum(answer.has_finding for answer in of_sound)
    share, false = named.total() / len(wrong), num_alarms / len(sound)
    too_many = sum(answer.num_named_though_right > 0 for answer in of_wrong)
    notes = [
        f"{named.total()} of {len(wrong)} mistakes have every wrong tensor named; {too_many} also name a "
        f"right one. {num_alarms} of {len(sound)} right plans have a finding, warnings included.",
        f"Widths {', '.join(map(str, WIDTHS))}, {SEEDS_A_CHECK} seeds a check, {NUM_SEEDS} checks a mistake. "
        "Lion (in 28) is not tried.",
    ]
    met = share >= GOAL and false <= FALSE_ALARMS
    goal = f"{GOAL:.0%}@{FALSE_ALARMS:.0%}"
    return RowResult(f"{share:.1%}@{false:.1%}", goal, met, _table(tried, named), notes)


def _answer(asked: tuple[Seeded, int]) -> _Answered:
    torch.set_num_threads(1)
    case, seed = asked
    report = check(case, seed)
    affected = frozenset[str]().union(*case.wrong)
    extra = {name for finding in report.findings for name in finding.tensors} - affected
    return _Answered(is_named(case, report), bool(report.findings), 0 if case.affects_all else len(extra))


def check(case: Seeded, seed: int) -> CheckReport:
    """Return the answer on one mistake; checks of different seeds share none."""
    brought = Brought(case.network, case.optimizer, case.plan)
    question = CheckQuestion(
        path="-",
        widths=WIDTHS,
        optimizer=OptimizerSpec.model_validate(case.optimizer),
        lr=RATES[case.optimizer],
        num_seeds=SEEDS_A_CHECK,
        first_seed=seed * SEEDS_A_CHECK,
    )
    return judge(measure_brought(BroughtModel(Path("-"), brought.functions()), question))


def is_named(case: Seeded, report: CheckReport) -> bool:
    """Tell whether each wrong tensor has a finding that fails the check, or warns where that is the most."""
    found = {name for finding in report.findings for name in finding.tensors}
    is_only_warned = case.number.startswith(("12 ", "15 "))
    fails = any(finding.severity is Severity.WRONG for finding in report.findings)
    return all(group & found for group in case.wrong) and (fails or is_only_warned)


def _table(tried: Counter[tuple[str, str]], named: Counter[tuple[str, str]]) -> list[list[str]]:
    numbers = sorted({number for number, _ in tried}, key=lambda text: int(text.split()[0]))
    rows = [[number, *_cells(number, tried, named)] for number in numbers]
    return [["mistake", *NETWORKS], *rows]


def _cells(number: str, tried: Counter[tuple[str, str]], named: Counter[tuple[str, str]]) -> Iterable[str]:
    for network in NETWORKS:
        count = tried[number, network]
        yield f"{named[number, network]}/{count}" if count else "-"
