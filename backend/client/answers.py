"""Small answer about one experiment, for programs that decide and for agents."""

from __future__ import annotations

from typing import Any

from muscope.backend.client.replies import Experiment, Verdict


def answer(experiment: Experiment, verdict: Verdict, language: str) -> dict[str, Any]:
    """Return the answer, the sentences about it, and next steps that a program can take.

    `spec_sha256` is of the definition with its limits, fixed before the first run: who keeps it can tell that
    the criteria were not moved afterwards.
    """
    return {
        "experiment_id": experiment.id,
        "name": experiment.name,
        "state": experiment.state,
        "outcome": verdict.outcome,
        "is_interim": verdict.is_interim,
        "is_provisional": verdict.is_provisional,
        "title": verdict.text("title", language),
        "meaning": verdict.text("manager", language),
        "next": verdict.text("next", language),
        "next_steps": next_steps(experiment, verdict),
        "learning_rate": verdict.reusable_lr,
        "base_width": verdict.base_width,
        "target_width": verdict.target_width,
        "scenario": verdict.scenario,
        "rule": verdict.rule,
        "rule_version": verdict.rule_version,
        "reasons": list(verdict.reasons),
        "spec_sha256": verdict.spec_sha256,
    }


def next_steps(experiment: Experiment, verdict: Verdict) -> list[dict[str, Any]]:
    """Return what can be done about an answer that is not final: wait for it, or train further seeds."""
    if experiment.is_open:
        return [{"action": "wait", "experiment_id": experiment.id}]
    if verdict.can_settle:
        step = {"action": "settle", "experiment_id": experiment.id, "more_seeds": verdict.more_seeds}
        return [step]
    return []
