"""Result of an experiment, which shows itself in a notebook: verdict card and Plotly figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any, Self

from muscope.backend.catalogue import DEFAULT_LANGUAGE, key_of_size, text
from muscope.backend.client.replies import Experiment, Json, Verdict

PLOTLY = "application/vnd.plotly.v1+json"
# The figures that carry an answer: the loss over learning rates, and what reuse costs by size.
_SHOWN = ("lr_loss", "cost_size")
_COLOURS = {
    "transfers": "#1a7f37",
    "sharpness_drifts": "#9a6700",
    "fine_tune": "#9a6700",
    "does_not_transfer": "#cf222e",
    "inconclusive": "#57606a",
}


@dataclass(frozen=True)
class Figure:
    """Plotly figure: `plotly.io.from_json`-ready `content`, and what is to be said about it in `meta`."""

    name: str
    content: Json = field(repr=False)
    meta: Json = field(repr=False)

    @classmethod
    def read(cls, name: str, raw: Json) -> Self:
        """Take a figure from the server's answer."""
        return cls(name, raw["figure"], raw["meta"])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Return the figure for notebooks that draw Plotly, and its description for all others."""
        return {PLOTLY: self.content, "text/plain": f"{self.meta['title']}: {self.meta['description']}"}


@dataclass(frozen=True)
class Result:
    """Experiment, its verdict, and the figures that carry the answer."""

    experiment: Experiment
    verdict: Verdict
    figures: tuple[Figure, ...] = field(repr=False)
    language: str = DEFAULT_LANGUAGE

    @property
    def outcome(self) -> str:
        """The answer: transfers, sharpness_drifts, fine_tune, does_not_transfer or inconclusive."""
        return self.verdict.outcome

    def __str__(self) -> str:
        return "\n".join((self._say("title"), self._say("manager"), self._say("next")))

    def _repr_html_(self) -> str:
        """Return the verdict card, without script and styled by itself."""
        colour = _COLOURS[self.outcome]
        facts = " · ".join(escape(fact) for fact in (self.experiment.name, self._sizes(), *self._marks()))
        return (
            f'<section lang="{self.language}" style="border-left:6px solid {colour};padding:.5em 1em">'
            f'<h3 style="margin:0;color:{colour}">{escape(self._say("title"))}</h3>'
            f"<p>{escape(self._say('manager'))}</p><p><b>{escape(self._say('next'))}</b></p>"
            f"<small>{facts}</small></section>"
        )

    def _ipython_display_(self) -> None:
        """Show the card, then every figure; called by notebooks."""
        from IPython.display import HTML, display

        display(HTML(self._repr_html_()), *self.figures)

    def _say(self, part: str) -> str:
        return self.verdict.text(part, self.language, of_rank=self._is_of_rank)

    @property
    def _is_of_rank(self) -> bool:
        return bool(self.experiment.spec.get("model", {}).get("family") == "adapted")

    def _sizes(self) -> str:
        sizes = {"base": self.verdict.base_width, "target": self.verdict.target_width}
        key = key_of_size("client.card.sizes", self.language, of_rank=self._is_of_rank)
        return text(key, self.language, **sizes)

    def _marks(self) -> list[str]:
        marks = {"interim": self.verdict.is_interim, "provisional": self.verdict.is_provisional}
        return [text(f"ui.verdict.mark.{name}", self.language) for name, holds in marks.items() if holds]


def shown_figures(experiment: Experiment) -> list[str]:
    """Name the figures of a result that the experiment has."""
    return [name for name in _SHOWN if name in experiment.figures]
