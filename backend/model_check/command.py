"""The command `muscope check model.py`: grammar and exit status."""

from __future__ import annotations

import argparse
from pathlib import Path

from pydantic import ValidationError

from muscope.backend.domain.brought.finding import EXIT_CODES
from muscope.backend.domain.brought.question import USUAL_RATE, CheckQuestion, ModelLimits
from muscope.backend.domain.spec.optimizer import OptimizerKind, OptimizerSpec, WeightDecayRule
from muscope.backend.errors import InvalidInput
from muscope.backend.model_check.recipe_file import write_recipe
from muscope.backend.model_check.wording import report_lines

_RATES = {OptimizerKind.SGD: 0.1}


def check(options: argparse.Namespace, language: str) -> int:
    """Check a file and print the answer; returns 0 passed, 10 something is asked, 20 failed."""
    from muscope.backend.analysis.model_check.judge import judge
    from muscope.backend.model_check.child import measure_model

    report = judge(measure_model(_question(options)))
    if options.write_recipe is not None:
        write_recipe(report, Path(options.write_recipe))
    if options.json:
        print(report.model_dump_json(indent=2))
    else:
        print("\n".join(report_lines(report, language)))
    return EXIT_CODES[report.outcome]


def _question(options: argparse.Namespace) -> CheckQuestion:
    """Return the question that the options ask; raises InvalidInput naming the option that is wrong."""
    try:
        kind = OptimizerKind(options.optimizer)
        return CheckQuestion(
            path=str(Path(options.model).resolve()),
            widths=_widths(options.widths),
            optimizer=OptimizerSpec(
                kind=kind,
                weight_decay=options.weight_decay,
                weight_decay_rule=WeightDecayRule(options.weight_decay_rule),
            ),
            lr=options.lr or _RATES.get(kind, USUAL_RATE),
            num_seeds=options.seeds,
            num_steps=options.steps,
            recipe=None if options.recipe is None else str(Path(options.recipe).resolve()),
            limits=ModelLimits(wall_seconds=options.seconds, memory_bytes=options.memory_mib << 20),
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InvalidInput("brought.option", option=name, message=first["msg"]) from error


def _widths(given: str | None) -> tuple[int, ...] | None:
    if given is None:
        return None
    try:
        widths = {int(part) for part in given.split(",")}
    except ValueError as error:
        raise InvalidInput("brought.option", option="widths", message=given) from error
    if min(widths) < 1:
        raise InvalidInput("brought.option", option="widths", message=given)
    return tuple(sorted(widths))
