"""Figures over HTTP: JSON, compressed where wanted, 304 while nothing changed, both languages."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest

EMPTY = {"cost_size": "No cost yet", "loss_compute": "No best rate yet", "predicted_seconds": "No time yet"}
NAMES = (
    *("lr_loss", "sharpness", "loss", "optimum_size"),
    *EMPTY,
    *("run_grid", "sharpness_spread", "stability"),
)


def figure(
    client: httpx.Client, experiment: dict[str, Any], name: str = "loss", **params: Any
) -> httpx.Response:
    return client.get(f"/api/v1/experiments/{experiment['id']}/figures/{name}", params=params)


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_what_plotly_takes(client: httpx.Client, experiment: dict[str, Any], name: str):
    reply = figure(client, experiment, name)

    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    content = reply.json()
    assert set(content["figure"]) == {"data", "layout"}
    assert {"title", "lr", "n_raw", "n_returned", "method", "committed"} <= set(content["meta"])
    assert EMPTY.get(name, "No values") in reply.text


def test_it_is_compressed_only_for_who_can_read_it(client: httpx.Client, experiment: dict[str, Any]):
    plain = client.get(
        f"/api/v1/experiments/{experiment['id']}/figures/loss", headers={"Accept-Encoding": "identity"}
    )
    packed = figure(client, experiment)

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.json() == packed.json()
    assert "Accept-Encoding" in packed.headers["vary"]


def test_who_has_it_gets_304(client: httpx.Client, experiment: dict[str, Any]):
    route = f"/api/v1/experiments/{experiment['id']}/figures/loss"
    etag = figure(client, experiment).headers["etag"]

    again = client.get(route, headers={"If-None-Match": f'"other", {etag}'})
    dark = client.get(route, params={"mode": "dark"}, headers={"If-None-Match": etag})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert dark.status_code == 200


@pytest.mark.parametrize(("language", "title"), [("en", "Validation loss"), ("ja", "検証損失の推移")])
def test_the_words_are_in_the_viewers_language(
    client: httpx.Client, experiment: dict[str, Any], language: str, title: str
):
    route = f"/api/v1/experiments/{experiment['id']}/figures/loss"

    reply = client.get(route, headers={"Accept-Language": language})

    assert reply.headers["content-language"] == language
    assert json.loads(reply.text)["meta"]["title"] == title


def test_choices_are_taken(client: httpx.Client, experiment: dict[str, Any]):
    reply = figure(client, experiment, "sharpness", parametrization="sp", lr_index=0, y_scale="linear")

    content = reply.json()
    assert content["meta"]["lr"] == {"sp": 0.1}
    assert content["figure"]["layout"]["yaxis"]["type"] == "linear"
    assert "xaxis2" not in content["figure"]["layout"]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"lr_index": 9}, 400),
        ({"depth": 9}, 400),
        ({"parametrization": "ntp"}, 400),
        ({"lr_index": -1}, 422),
        ({"loss": "nonsense"}, 422),
    ],
)
def test_a_wrong_choice_is_refused(
    client: httpx.Client, experiment: dict[str, Any], params: dict[str, Any], status: int
):
    assert figure(client, experiment, **params).status_code == status


def test_what_was_not_measured_is_refused_and_not_listed(client: httpx.Client, experiment: dict[str, Any]):
    refused = figure(client, experiment, "ntk_hessian")
    raw = figure(client, experiment, "sharpness", sharpness="raw")

    assert tuple(experiment["figures"]) == (*NAMES, "coordinate_check")
    assert (refused.status_code, raw.status_code) == (400, 400)
    assert refused.json()["error"]["code"] == "figure.not_measured"
    assert refused.json()["error"]["params"] == {"figure": "ntk_hessian", "measure": "ntk"}


def test_an_unknown_figure_or_experiment_is_refused(client: httpx.Client, experiment: dict[str, Any]):
    assert figure(client, experiment, "nonsense").status_code == 422
    assert figure(client, {"id": uuid.uuid4()}).json()["error"]["code"] == "experiment.not_found"
