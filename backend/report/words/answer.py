"""The answer in words, as the verdict card has it: headline, reason, benefit, control, what is beyond.

`frontend/js/verdict/verdict_lead.js` says the same on the page; `tests/browser/test_report_words.py` holds
both to each other for every outcome and rule.
"""

from __future__ import annotations

from muscope.backend.domain.verdict.statement import REUSABLE, Outcome
from muscope.backend.domain.verdict.verdict import BenefitState, ControlState, Verdict
from muscope.backend.report.words.say import Words

# Under these rules no best learning rate is known, so its cost is not either, whatever was computed.
UNFOUNDED = frozenset(
    {
        "nothing_learned",
        "base_at_edge",
        "target_at_edge",
        "reused_not_run",
        "train_interpolates",
        "coordinate_check",
    }
)


def is_waiting(verdict: Verdict) -> bool:
    """Return whether there is no answer yet: the card then says so instead of a headline."""
    return verdict.is_interim and verdict.outcome is Outcome.INCONCLUSIVE


def is_founded(verdict: Verdict) -> bool:
    """Return whether the verdict's numbers mean something."""
    return verdict.arm.base_lr is not None and verdict.rule not in UNFOUNDED


def headline(verdict: Verdict, part: str, words: Words) -> str:
    """Return the words of the outcome, or of its rule where that has words of its own.

    Args:
        part: `title`, `manager` or `next`.
    """
    is_at_limit = verdict.rule == "unresolved" and verdict.open is not None and not verdict.open.can_settle
    own = f"headline.{'at_limit' if is_at_limit else verdict.rule}.{part}"
    return words.say(own if words.has(own) else f"outcome.{verdict.outcome}.{part}")


def title(verdict: Verdict, words: Words) -> str:
    """Return the headline of the card, whichever state the experiment is in."""
    return words.say("ui.verdict.waiting") if is_waiting(verdict) else headline(verdict, "title", words)


def lead(verdict: Verdict, words: Words) -> list[str]:
    """Return the paragraphs below the headline: one question each."""
    if is_waiting(verdict):
        return [words.say("ui.verdict.waiting_why")]
    said = [headline(verdict, "manager", words)]
    if is_founded(verdict):
        said += [benefit(verdict, words), control(verdict, words), beyond(verdict, words)]
    return [sentence for sentence in said if sentence]


def benefit(verdict: Verdict, words: Words) -> str:
    """Return the sentence on what a larger model brings; empty where that is not known."""
    if verdict.benefit is None:
        return ""
    is_safe = verdict.benefit is BenefitState.NONE and verdict.outcome in REUSABLE
    return words.say(f"ui.benefit.{'none_safe' if is_safe else verdict.benefit}")


def control(verdict: Verdict, words: Words) -> str:
    """Return whether the scaling method is the reason; only a control shown to be worse says that."""
    arm = verdict.control
    if arm is None:
        return words.say("ui.control.none")
    earlier = ControlState.SAME if verdict.can_discriminate is False else ControlState.UNSURE
    found = verdict.control_state or earlier
    is_alone = found is ControlState.SAME and verdict.outcome not in REUSABLE
    name = words.say(f"figure.arm.{arm.parametrization}")
    said = words.say(f"ui.control.{'same_alone' if is_alone else found}", arm=name)
    is_open = found is ControlState.UNSURE and arm.outcome is Outcome.INCONCLUSIVE
    if is_open and words.has(f"rule.{arm.rule}"):
        return words.say("ui.control.because", said=said, why=words.rule(arm.rule))
    return said


def beyond(verdict: Verdict, words: Words) -> str:
    """Return the estimate for one doubling beyond the sizes measured; empty where there is none."""
    found, deciding = verdict.beyond, verdict.deciding
    if found is None or deciding is None or verdict.outcome is not Outcome.TRANSFERS:
        return ""
    interval = found.cost.interval
    most = interval.high if interval is not None else found.cost.value or 0.0
    fine = words.numbers.fine_percent
    return words.say(
        f"ui.beyond.{'holds' if found.holds else 'unsure'}", most=fine(most), limit=fine(deciding.limit)
    )


def marks(verdict: Verdict, words: Words, *, is_by_old_rules: bool) -> list[tuple[str, str]]:
    """Return the marks beside the headline, each with its meaning: interim, provisional, earlier rules."""
    found = {
        "interim": verdict.is_interim,
        "provisional": verdict.is_provisional,
        "old_rules": is_by_old_rules,
        "moved": any(reason.code == "thresholds_not_fixed" for reason in verdict.reasons),
    }
    return [
        (
            words.say(f"ui.verdict.mark.{name}"),
            words.say(f"ui.verdict.mark.{name}_why", version=verdict.rule_version),
        )
        for name, is_so in found.items()
        if is_so
    ]
