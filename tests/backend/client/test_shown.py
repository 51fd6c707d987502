"""A result and the progress of an experiment as a reader sees them."""

from __future__ import annotations

import io
import json
import sys
import types
from dataclasses import replace
from html.parser import HTMLParser

import plotly.graph_objects as plotly
import pytest

from muscope.backend.catalogue import LANGUAGES, catalogue
from muscope.backend.client.progress import ProgressBar, share_done, stage_text
from muscope.backend.client.result import PLOTLY


@pytest.fixture
def result(client):
    return client.result(client.open_example().id)


class Words(HTMLParser):
    """The text of a page, and the names of its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.elements = "", set[str]()
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self.elements.add(tag)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_card_says_the_answer_and_what_to_do_in_the_readers_language(result, language):
    card = Words(replace(result, language=language)._repr_html_())

    texts = catalogue(language)
    assert texts[f"outcome.{result.outcome}.title"] in card.text
    assert texts[f"outcome.{result.outcome}.next"] in card.text
    assert str(result.verdict.target_width) in card.text
    assert "script" not in card.elements


@pytest.mark.parametrize(("language", "rank"), [("en", "rank "), ("ja", "ランク ")])
def test_the_card_of_an_experiment_over_ranks_names_ranks(result, language, rank):
    of_rank = replace(result.experiment, spec={"model": {"family": "adapted"}})
    base = str(result.verdict.base_width)

    cards = [
        Words(replace(each, language=language)._repr_html_())
        for each in (result, replace(result, experiment=of_rank))
    ]

    assert [rank + base in card.text for card in cards] == [False, True]


def test_a_name_of_an_experiment_is_text_and_never_markup(result):
    named = replace(result, experiment=replace(result.experiment, name="<script>x</script>"))

    assert "script" not in Words(named._repr_html_()).elements


def test_a_figure_is_one_that_plotly_draws(result):
    shown = result.figures[0]._repr_mimebundle_()

    drawn = plotly.Figure(json.loads(json.dumps(shown[PLOTLY])))
    assert len(drawn.data) == len(result.figures[0].content["data"]) > 0
    assert result.figures[0].meta["title"] in shown["text/plain"]


def test_a_notebook_shows_the_card_and_then_every_figure(result, monkeypatch):
    shown: list[object] = []
    notebook = types.ModuleType("IPython.display")
    monkeypatch.setattr(notebook, "HTML", str, raising=False)
    monkeypatch.setattr(notebook, "display", lambda *objects: shown.extend(objects), raising=False)
    monkeypatch.setitem(sys.modules, "IPython.display", notebook)

    result._ipython_display_()

    assert shown == [result._repr_html_(), *result.figures]


def test_a_printed_result_is_three_sentences(result):
    assert len(str(result).splitlines()) == 3


@pytest.mark.parametrize(
    ("left", "expected"),
    [(None, "Stage 2 of 4"), (125.4, "Stage 2 of 4, 2:05 left")],
    ids=["unknown", "known"],
)
def test_a_running_experiment_has_a_stage_and_the_time_left(result, left, expected):
    progress = {"share_done": 0.25, "stage": 2, "num_stages": 4, "eta_seconds": left}
    running = replace(result.experiment, state="running", progress=progress)

    assert stage_text(running, "en") == expected
    assert share_done(running) == 0.25
    assert (stage_text(result.experiment, "en"), share_done(result.experiment)) == ("Completed", 1.0)


class Terminal(io.StringIO):
    """Stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_line_that_moves(result):
    terminal = Terminal()
    progress = {"share_done": 0.25, "stage": 2, "num_stages": 4, "eta_seconds": 61.0}

    with ProgressBar(stream=terminal) as bar:
        bar(replace(result.experiment, state="running", progress=progress))
        bar(result.experiment)

    assert " 25% |" in terminal.getvalue()
    assert "Stage 2 of 4, 1:01 left" in terminal.getvalue()
    assert "100% |" in terminal.getvalue()


def test_a_log_gets_no_bar(result):
    log = io.StringIO()

    with ProgressBar(stream=log) as bar:
        bar(result.experiment)

    assert log.getvalue() == ""
