"""Sentences of a check: every code that the judge can give has one, in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from muscope.backend.catalogue import LANGUAGES, catalogue
from muscope.backend.domain.brought.finding import Finding, Outcome, Severity
from muscope.backend.domain.spec.tensor_role import TensorRole
from muscope.backend.services.views.check_sentences import finding_sentence

ROOT = Path(__file__).resolve().parents[3]
JUDGE = sorted((ROOT / "backend" / "analysis" / "model_check").glob("*.py"))
PREFIX = "brought.finding."


def codes() -> set[str]:
    """Return the codes of findings in the catalogue."""
    return {key.removeprefix(PREFIX) for key in catalogue("en") if key.startswith(PREFIX)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted(codes()))
def test_every_finding_has_a_sentence_without_gaps(code, language):
    finding = Finding(
        code=code,
        severity=Severity.WRONG,
        tensors=("head.weight",),
        place="model.py:7",
        measured=-0.5,
        expected=-1,
    )

    sentence = finding_sentence(finding, language)

    assert "{" not in sentence
    assert "head.weight" in sentence or code in ("factor_unplaced", "optimizer_unknown")


def test_the_judge_gives_no_code_without_a_sentence_and_no_sentence_is_left_over():
    words = set()
    for path in JUDGE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
    roles = (ROOT / "worker" / "brought" / "roles.py").read_text(encoding="utf-8")
    asked = {f"question_{question}" for question in re.findall(r'UNKNOWN, "(\w+)"', roles)} | {
        "question_not_said"
    }
    powers = {
        f"{kind}_{how}"
        for kind in ("init", "lr")
        for how in ("constant", "scaled", "falls_too_little", "falls_too_much")
    }

    assert codes() == {word for word in words if word in codes()} | asked | powers


@pytest.mark.parametrize("language", LANGUAGES)
def test_outcomes_severities_and_roles_have_words(language):
    keys = {f"brought.outcome.{each.value}" for each in Outcome}
    keys |= {f"brought.severity.{each.value}" for each in Severity}
    keys |= {f"brought.role.{each.value}" for each in TensorRole}

    assert keys <= set(catalogue(language))
