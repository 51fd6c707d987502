"""Tables as people send them: each fault is named, none is guessed away, and nothing is kept by halves."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from muscope.backend.catalogue import LANGUAGES, error_text
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.manifest import IngestLimits
from muscope.backend.services.sweeps import store
from muscope.backend.sweeps import child
from muscope.backend.sweeps.described import SweepChoices, SweepReading
from muscope.backend.sweeps.messages import SweepFileRequest
from tests.backend.api.test_stored_sweeps import SWEEPS, send
from tests.backend.sweeps.made import sweep

RUNS = [
    (row["width"], row["lr"], row["loss"])
    for row in sweep(widths=(128.0, 256.0), lrs=tuple(2.0**octave for octave in range(-11, -6)))
]
HEAD = "width,lr,loss"
SIZES = {128: "350M", 256: "1.3B"}


def german(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".").replace(".", ",")


def csv_of(
    width: Any = str, lr: Any = repr, loss: Any = repr, *, head: str = HEAD, sign: str = ",", end: str = ""
) -> str:
    """Return the same ten runs with their cells written by three functions, `end` after every row."""
    lines = [sign.join((width(w), lr(rate), loss(value))) + end for w, rate, value in RUNS]
    return "\n".join([head.replace(",", sign), *lines]) + "\n"


def lines_of(text: str, *places: int) -> str:
    """Return lines of a text once more."""
    return "".join(f"{text.splitlines()[place]}\n" for place in places)


PLAIN = csv_of()
# Read as the plain table is, with what is to be known named in a note.
READ: dict[str, tuple[str | bytes, set[str]]] = {
    "byte order mark": ("\ufeff" + PLAIN, set()),
    "utf-16": (PLAIN.encode("utf-16"), set()),
    "semicolons": (csv_of(sign=";"), set()),
    "decimal commas": (csv_of(lr=german, loss=german, sign=";"), set()),
    "missing seeds": (PLAIN, {"one_seed"}),
    "duplicate rows": (PLAIN + lines_of(PLAIN, 1, 2), {"copies"}),
    "an empty column": (csv_of(head=f"{HEAD},note", end=","), {"ignored_columns"}),
    "a column without a name": (csv_of(head=f"{HEAD},", end=","), set()),
    "empty rows below": (PLAIN + ",,\n,,\n", set()),
    "thousands": (csv_of(lambda w: f'"{w * 1_000_000:,}"', head="size,lr,loss"), set()),
    "sizes with units": (csv_of(SIZES.__getitem__, head="size,lr,loss"), set()),
    "rates in percent": (csv_of(lr=lambda lr: f"{lr * 100:.7f}%"), set()),
    "logarithms without their sign": (csv_of(lr=lambda lr: f"{-math.log10(lr):.5f}"), {"large_rates"}),
    "a heading once more": (PLAIN + PLAIN, {"repeated_header", "copies"}),
    "a title above": ("Sweep of spring\n" + PLAIN, {"rows_above"}),
    "means below": (PLAIN + "mean,,2.97\n", {"rows_below"}),
}
# Kept with a question in place of an answer.
ASKED: dict[str, tuple[str | bytes, str, dict[str, Any]]] = {
    "accuracies": (csv_of(head="width,lr,accuracy"), "not_a_loss", {"column": "accuracy"}),
    "percent of accuracy": (csv_of(loss=lambda x: f"{95 - 5 * x:.2f}%"), "looks_like_accuracy", {}),
    "accuracies called loss": (csv_of(loss=lambda x: f"{1.2 - x / 4:.4f}"), "looks_like_accuracy", {}),
    "log-likelihoods": (csv_of(loss=lambda x: repr(-x)), "looks_like_accuracy", {}),
    "mixed units": (
        csv_of(lambda w: "350" if w == 128 else "1300000000", head="size,lr,loss"),
        "mixed_units",
        {"small": "350", "large": "1300000000"},
    ),
    "a unit and none": (
        csv_of(lambda w: "350M" if w == 128 else "1300", head="size,lr,loss"),
        "mixed_units",
        {"small": "1300", "large": "350M"},
    ),
    "parameters as width": (csv_of(SIZES.__getitem__), "not_a_width", {"given": "1.3B"}),
    "a size in words": (
        csv_of(lambda w: "large" if w == 256 else str(w)),
        "no_number",
        {"given": "large", "row": 7},
    ),
    "logarithms": (csv_of(lr=lambda lr: f"{math.log10(lr):.5f}"), "lr_not_positive", {"row": 2}),
    "logarithms by name": (
        csv_of(lr=lambda lr: f"{math.log10(lr):.5f}", head="width,log10_lr,loss"),
        "no_lr",
        {"names": "width, log10_lr, loss"},
    ),
    "a rate of zero": (PLAIN + "128,0,3.0\n", "lr_not_positive", {"row": 12, "given": "0"}),
    "a rate that is none": (PLAIN + "128,nan,3.0\n", "no_number", {"row": 12, "given": "nan"}),
    "two losses of one name": (
        csv_of(head=f"{HEAD},loss", end=",2.5"),
        "several_columns",
        {"columns": "loss, loss_2"},
    ),
    "two headers": (PLAIN.replace("\n", "\n,1/step,nats\n", 1), "empty_cell", {"row": 2}),
    "an empty size": (PLAIN + ",0.001,3.0\n", "empty_cell", {"row": 12}),
    "one size": (PLAIN.replace("256,", "128,"), "nothing_varied", {}),
    "no rate at all": (csv_of(head="width,note,loss"), "no_lr", {}),
}
# Refused as a whole: nothing is kept.
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "commas and points": (csv_of(lr=german, sign=";"), "sweep.mixed_decimals"),
    "nothing": ("", "dataset.empty_file"),
    "damaged JSON": ('[{"width": 128', "sweep.json_damaged"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(64), "sweep.unknown_format"),
}


def read_here(source: Path, choices: SweepChoices) -> SweepReading:
    """Read as the child does, without starting one for every table."""
    limits = IngestLimits.for_size(source.stat().st_size)
    request = SweepFileRequest(source=str(source), choices=choices, limits=limits)
    return SweepReading.model_validate_json(json.dumps(child._perform(request)["reading"]))


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("limit_process", "limit_address_space"):
        monkeypatch.setattr(child, limit, lambda _: None)
    monkeypatch.setattr(store, "read_sweep_file", read_here)


def sent(client: httpx.Client, content: str | bytes) -> httpx.Response:
    return send(client, content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize("name", READ)
def test_a_table_that_can_be_read_is_judged_with_its_faults_named(client: httpx.Client, name: str):
    content, notes = READ[name]

    answer = sent(client, content).json()["reading"]["answer"]

    assert notes <= {note["code"] for note in answer["notes"]}
    (axis,) = answer["arms"][0]["axes"]
    (pair,) = axis["comparisons"]
    assert (answer["outcome"], pair["measures"]["cost"]["value"]) == ("transfers", pytest.approx(0, abs=1e-3))


@pytest.mark.parametrize("name", ASKED)
def test_a_table_that_is_not_clear_is_asked_about(client: httpx.Client, name: str):
    content, code, params = ASKED[name]

    stored = sent(client, content).json()

    question = stored["reading"]["question"]
    assert (stored["outcome"], stored["reading"]["answer"]) == (None, None)
    assert question["code"] == f"sweep.{code}"
    assert params.items() <= question["params"].items()
    error = InvalidInput(question["code"], **question["params"])
    assert all("{" not in error_text(error, language) for language in LANGUAGES)
    assert client.get(f"{SWEEPS}/{UUID(stored['id'])}/text").json()["error"]["code"] == "sweep.not_clear"


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_that_cannot_be_read_is_not_kept(client: httpx.Client, name: str):
    content, code = REFUSED[name]
    before = client.get(SWEEPS).json()

    reply = sent(client, content)

    assert (reply.status_code, reply.json()["error"]["code"]) in {(400, code), (415, code)}
    assert client.get(SWEEPS).json() == before


def test_runs_that_diverged_count_as_such_and_rates_off_the_grid_are_counted(client: httpx.Client):
    rows = [
        {"width": width, "lr": lr * (1.1 if width == 256 else 1.0), "loss": "nan" if lr > 0.005 else loss}
        for width, lr, loss in RUNS
    ]

    answer = client.post(f"{SWEEPS}/judge", json={"rows": rows}).json()

    (axis,) = answer["arms"][0]["axes"]
    (missing,) = [note for note in axis["reasons"] if note["code"] == "missing_cells"]
    assert missing["params"] == {"count": 10, "total": 20}
    assert axis["comparisons"][0]["measures"]["margin"] is not None
