"""Sentences of the catalogue in one language, with sizes, scenarios and reasons in words.

The page's scripts say the same (`frontend/js/base`, `frontend/js/verdict/reason_text.js`);
`tests/browser/test_report_words.py` compares them.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from muscope.backend.catalogue import catalogue, key_of_size, text
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.scenario import WHOLE_NUMBERS, Scenario, ScenarioKind
from muscope.backend.domain.verdict.statement import Reason
from muscope.backend.report.words.numbers import Numbers

# Catalogue keys of parameters that are names.
NAMES = {
    "loss": "loss.{}",
    "parametrization": "figure.arm.{}",
    "outcome": "ui.outcome.short.{}",
    "optimizer": "ui.optimizer.{}",
    "part": "coordinate.part.{}",
}
# Sizes and counts are written in full; the rest with three digits.
WHOLE = frozenset(
    {
        *("width", "base_width", "depth", "base_depth", "num_steps", "batch_size", "missing", "planned"),
        *("base_num_steps", "base_batch_size"),
        *("needed", "given", "add", "step", "steps", "count", "of", "wrong", "runs", "seeds"),
    }
)
SHARES = frozenset({ScenarioKind.LABEL_NOISE, ScenarioKind.SUBSAMPLE, ScenarioKind.CLASS_IMBALANCE})

Value = str | int | float


class Words(NamedTuple):
    """One language, the reader's distance from UTC, and whether sizes are ranks of adapters."""

    language: str
    utc_offset_minutes: int = 0
    of_rank: bool = False

    @property
    def numbers(self) -> Numbers:
        return Numbers(self.language)

    def say(self, key: str, /, **params: Value) -> str:
        """
        Return the sentence of `key`, in its plain form where it has one: a report is read by who decides.

        Raises KeyError for an unknown key.
        """
        plain = f"{key}.plain"
        said = plain if self.has(plain) else key
        return text(key_of_size(said, self.language, of_rank=self.of_rank), self.language, **params)

    def has(self, key: str) -> bool:
        """Return whether there is such a sentence."""
        return key in catalogue(self.language)

    def sentences(self, *parts: str) -> str:
        """Join sentences; Japanese has no space between them."""
        return ("" if self.language == "ja" else " ").join(part for part in parts if part)

    def noted(self, value: str, note: str) -> str:
        """Return a value with a note in brackets, if there is one."""
        return self.say("ui.number.detail_range", value=value, range=note) if note else value

    def moment(self, value: datetime | None) -> str:
        """Return a time of the reader's zone."""
        return "–" if value is None else self.numbers.moment(value, self.utc_offset_minutes)

    def about(self, seconds: float) -> str:
        """Return an estimated time without false precision."""
        if seconds < 10:
            return self.say("ui.time.moments")
        step = 10 if seconds < 60 else 30 if seconds < 600 else 60
        return self.say("ui.time.about", time=self.numbers.duration(-(-seconds // step) * step))

    def size(self, width: float, depth: float | None = None) -> str:
        """Return the size of a model."""
        plain = self.numbers.plain
        if depth is None:
            return self.say("size.width", width=plain(width))
        return self.say("size.width_depth", width=plain(width), depth=plain(depth))

    def sizes(self, values: tuple[int, ...]) -> str:
        """Return a list of widths or depths."""
        return self.numbers.listed([self.numbers.plain(value) for value in values])

    def rates(self, values: tuple[float, ...]) -> str:
        """Return a list of learning rates."""
        return self.numbers.listed([self.numbers.figure(value) for value in values])

    def scenario(self, scenario: Scenario, task: Task) -> str:
        """Return a scenario as a manager would call it."""
        kind, _, value = scenario.partition(":")
        if kind == ScenarioKind.SCHEDULE:
            return self.say("scenario.schedule", value=self.say(f"scenario.schedule.{value}"))
        is_number = kind == ScenarioKind.LABEL_NOISE and task is Task.REGRESSION
        is_share = kind in SHARES and not is_number
        number = float(value) if value else 0.0
        if kind in WHOLE_NUMBERS:
            shown = self.numbers.whole(number)
        else:
            shown = self.numbers.percent(number) if is_share else self.numbers.figure(number)
        return self.say(f"scenario.{kind}{'.numbers' if is_number else ''}", value=shown)

    def reason(self, reason: Reason) -> str:
        """Return a reason as a sentence; one without a sentence shows its code."""
        key, params = f"reason.{reason.code}", reason.params
        if not self.has(key):
            return reason.code
        shown = {name: self._value(name, value) for name, value in params.items()}
        if params.get("currency"):
            shown["money"] = self.numbers.money(float(params["money"]), str(params["currency"]))
        for prefix in ("", "base_"):
            if f"{prefix}width" in params:
                depth = params.get(f"{prefix}depth")
                width = float(params[f"{prefix}width"])
                shown[f"{prefix}size"] = self.size(width, None if depth is None else float(depth))
        return self.say(key, **shown)

    def rule(self, rule: str) -> str:
        """Return the words of a rule."""
        return self.say(f"rule.{rule}") if self.has(f"rule.{rule}") else rule

    def _value(self, name: str, value: Value) -> str:
        if name in NAMES:
            key = NAMES[name].format(value)
            return self.say(key) if self.has(key) else str(value)
        if isinstance(value, str):
            return value
        if name == "minutes":
            return self.about(60.0 * value)
        return self.numbers.plain(value) if name in WHOLE else self.numbers.figure(value)
