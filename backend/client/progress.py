"""Progress of an experiment as one line of a terminal or a bar of a notebook."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import TextIO

from tqdm.auto import tqdm

from muscope.backend.catalogue import DEFAULT_LANGUAGE, text
from muscope.backend.client.replies import Experiment

_FORMAT = "{percentage:3.0f}% |{bar}| {desc}"


class ProgressBar(AbstractContextManager["ProgressBar"]):
    """Bar that follows the experiments it is called with.

    Args:
        stream: where it is drawn; stderr if left out, so that stdout holds results only.
    """

    def __init__(self, language: str = DEFAULT_LANGUAGE, stream: TextIO | None = None) -> None:
        self._language = language
        # Off where nobody looks, such as in the log of a CI job.
        self._bar = tqdm(total=1.0, bar_format=_FORMAT, file=stream or sys.stderr, disable=None)

    def __call__(self, experiment: Experiment) -> None:
        """Show how far an experiment is."""
        self._bar.n = share_done(experiment)
        self._bar.set_description_str(stage_text(experiment, self._language))

    def __exit__(self, *_: object) -> None:
        self._bar.close()


def share_done(experiment: Experiment) -> float:
    """Return the share of the work that is done, from 0 to 1."""
    return float(experiment.progress["share_done"]) if experiment.is_open and experiment.progress else 1.0


def stage_text(experiment: Experiment, language: str) -> str:
    """Return the state in words, and of a running experiment its stage and the time left."""
    progress = experiment.progress
    if experiment.state != "running" or progress is None:
        return text(f"ui.state.{experiment.state}", language)
    stage = {"stage": progress["stage"], "num_stages": progress["num_stages"]}
    left = progress["eta_seconds"]
    if left is None:
        return text("client.progress.stage", language, **stage)
    minutes, seconds = divmod(round(left), 60)
    return text("client.progress.left", language, **stage, time=f"{minutes}:{seconds:02}")
