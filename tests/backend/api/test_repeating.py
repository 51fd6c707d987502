"""An experiment repeated by its whole definition is the same one: what "run again" of the page sends."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

ROUTE = "/api/v1/experiments"
RICH: dict[str, Any] = {
    "scenarios": ["as_given", "label_noise:0.2"],
    "protocol": "staged",
    "budget": {"slot_seconds": 3600},
    "target_width": 4096,
    "thresholds": {"transfers_regret": 0.01},
    "settle": {"max_seeds": 24},
    "measures": ["hessian_trace"],
    "deciding_loss": "train_loss",
    "spec_seed": 7,
}


def repeated(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a definition as `wholeSpec` of the page makes a request of it."""
    return {name: value for name, value in spec.items() if value is not None and name != "dataset_sha256"}


@pytest.mark.parametrize(
    "wishes",
    [{}, RICH, {"preset": "standard"}, {"recipe": "paper"}],
    ids=["default", "rich", "preset", "paper"],
)
def test_a_whole_definition_gives_the_same_definition(
    client: httpx.Client, dataset: dict[str, Any], plan: dict[str, Any], wishes: dict[str, Any]
):
    asked = plan | wishes if wishes == RICH else {"dataset_id": dataset["id"]} | wishes
    first = client.post(f"{ROUTE}/preview", json=asked)
    assert first.status_code == 200, first.text
    spec = first.json()["spec"]

    again = client.post(f"{ROUTE}/preview", json={"dataset_id": dataset["id"]} | repeated(spec))

    assert again.status_code == 200, again.text
    assert again.json()["spec"] == spec
