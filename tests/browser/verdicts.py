"""Finished experiments and the verdicts a page is shown."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, Route

from muscope.backend.catalogue import text
from muscope.backend.domain.verdict.verdict import Verdict

SMALL = {"widths": [8, 16], "seeds": [0, 1, 2], "num_steps": 40, "lrs": [0.05, 0.1, 0.2]}


def say(key: str, language: str = "en", **params: str | int) -> str:
    return text(f"ui.{key}", language, **params)


def finish(instance, **plan: Any) -> str:
    dataset_id = instance.post("/examples/friedman/dataset")["id"]
    experiment = instance.post("/experiments", json={"dataset_id": dataset_id} | SMALL | plan)
    instance.finished(experiment["id"], seconds=240)
    return str(experiment["id"])


def with_changes(page: Page, experiment_id: str, **changes: Any) -> None:
    """Let the experiment come with changed fields, as judged at another time."""

    def answer(route: Route) -> None:
        route.fulfill(json=route.fetch().json() | changes)

    page.route(f"**/api/v1/experiments/{experiment_id}", answer)


def with_verdict(page: Page, experiment_id: str, **changes: Any) -> None:
    """Let its one verdict come with changed fields, as of other results; it stays one the API could send."""

    def answer(route: Route) -> None:
        body = route.fetch().json()
        changed = Verdict.model_validate(body["verdicts"][0] | changes)
        route.fulfill(json=body | {"verdicts": [changed.model_dump(mode="json")]})

    page.route(f"**/api/v1/experiments/{experiment_id}/verdicts", answer)


def open_why(page: Page, language: str = "en") -> None:
    page.get_by_text(say("why.title", language)).click()
