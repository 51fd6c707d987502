"""Commands about experiments: start, follow, settle, cancel and continue them, and read their answers."""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from muscope.backend.catalogue import text
from muscope.backend.client import Client, Experiment, Settling
from muscope.backend.client.answers import answer
from muscope.backend.client.progress import ProgressBar, share_done, stage_text
from muscope.backend.commands.output import print_json, print_table
from muscope.backend.commands.plans import read_plan, with_dataset
from muscope.backend.grammar.asking import EXIT_STATUS

# Experiments that `status` lists.
_LISTED = 20


def submit(options: Namespace, client: Client) -> int:
    """Start the experiment of a plan, or only predict it."""
    path = Path(options.spec)
    plan = with_dataset(client, read_plan(path), path.parent)
    if options.preview:
        found = client.predict(plan)
        facts = {"num_runs": found.num_runs, "predicted_seconds": found.predicted_seconds}
        _print(options, facts, text("command.say.predicted", client.language, **_rounded(facts)))
        return 0
    created = client.create(plan, key=options.key)
    _print(options, _short(created), created.id)
    return 0


def wait(options: Namespace, client: Client) -> int:
    """Wait for an answer; the exit status is 0 if it is at least as good as required, else the answer's."""
    with ProgressBar(client.language) as bar:
        experiment = client.wait(options.id, timeout=options.timeout, on_progress=bar)
    outcome = _print_answer(options, client, experiment)
    status = EXIT_STATUS[outcome]
    return 0 if status <= EXIT_STATUS[options.require] else status


def status(options: Namespace, client: Client) -> int:
    """Show how far one experiment is, or the newest ones."""
    if options.id is None:
        page = client.list_experiments(limit=_LISTED)
        if options.json:
            print_json(page.raw)
        else:
            print_table((each.id, each.state, each.outcome or "", each.name) for each in page.experiments)
        return 0
    experiment = client.get(options.id)
    line = f"{share_done(experiment):.0%}  {stage_text(experiment, client.language)}  {experiment.name}"
    _print(options, _short(experiment) | {"progress": experiment.progress}, line)
    return 0


def results(options: Namespace, client: Client) -> int:
    """Print the answer: the sentences of the card, or all verdicts as JSON."""
    if options.json:
        print_json(client.results(options.id))
    else:
        _print_answer(options, client, client.get(options.id))
    return 0


def settle(options: Namespace, client: Client) -> int:
    """Let an experiment with an open answer go on, or say what that would take."""
    if options.preview:
        price = client.price_settling(options.id, max_seeds=options.max_seeds)
        _print(options, price.raw, _price_text(price, client.language))
        return 0
    experiment = client.settle(options.id, max_seeds=options.max_seeds)
    _print(options, _short(experiment), stage_text(experiment, client.language))
    return 0


def cancel(options: Namespace, client: Client) -> int:
    """Cancel an experiment."""
    experiment = client.cancel(options.id)
    _print(options, _short(experiment), stage_text(experiment, client.language))
    return 0


def resume(options: Namespace, client: Client) -> int:
    """Continue a cancelled experiment."""
    experiment = client.resume(options.id)
    _print(options, _short(experiment), stage_text(experiment, client.language))
    return 0


def _print_answer(options: Namespace, client: Client, experiment: Experiment) -> str:
    """Print the answer of an experiment and return its outcome."""
    verdict = client.verdict(experiment.id)
    found = answer(experiment, verdict, client.language)
    said = [found["title"], found["meaning"], found["next"]]
    for step in found["next_steps"]:
        said.append(text(f"command.say.{step['action']}", client.language, **step))
    _print(options, found, "\n".join(said))
    return verdict.outcome


def _print(options: Namespace, value: object, line: str) -> None:
    if options.json:
        print_json(value)
    else:
        print(line)


def _price_text(price: Settling, language: str) -> str:
    if price.can_settle:
        return text("command.say.batch", language, **_rounded(price.next_batch or {}))
    return text("command.say.not_settled", language, reason=price.reason or "")


def _rounded(facts: Mapping[str, Any]) -> dict[str, int]:
    """Return the numbers that a sentence has, whole."""
    return {name: math.ceil(value) for name, value in facts.items() if isinstance(value, int | float)}


def _short(experiment: Experiment) -> dict[str, object]:
    names = ("id", "name", "state", "outcome", "num_runs", "predicted_seconds", "spec_sha256")
    return {name: getattr(experiment, name) for name in names}
