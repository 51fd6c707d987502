"""Texts that would run a script if a page took them for markup, and a product that holds them everywhere."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import httpx
import polars

from benchmarks.stack import Stack

CALL = "canary()"
_HANDLERS = (
    "<img src=x onerror={c}>",
    "<svg onload={c}>",
    "<svg/onload={c}>",
    "<body onload={c}>",
    "<input autofocus onfocus={c}>",
    "<select autofocus onfocus={c}>",
    "<details open ontoggle={c}>x</details>",
    "<video><source onerror={c}></video>",
    "<audio src=x onerror={c}>",
    "<marquee onstart={c}>x</marquee>",
    "<iframe onload={c}></iframe>",
    "<iframe srcdoc='<script>{c}</script>'></iframe>",
    "<object data='javascript:{c}'></object>",
    "<embed src='javascript:{c}'>",
    "<style onload={c}></style>",
    "<link rel=stylesheet href=x onerror={c}>",
    "<a href='javascript:{c}' autofocus>x</a>",
    "<form action='javascript:{c}'><button>x</button></form>",
    "<script>{c}</script>",
    "<math><mtext><img src=x onerror={c}></mtext></math>",
)
# Ways out of a place in which a page may have put a text.
_BREAKOUTS = (
    "</option>",
    '">',
    "'>",
    "</title>",
    "</textarea>",
    "</script>",
    "-->",
    "]]>",
    "</style>",
    "&#34;>",
)
_OTHERS = (
    "javascript:{c}",
    "JaVaScRiPt:{c}//",
    "data:text/html,<script>{c}</script>",
    "'-{c}-'",
    '"-{c}-"',
    "`${{{c}}}`",
    "${{{c}}}",
    "{{{{{c}}}}}",
    "\\u003cimg src=x onerror={c}\\u003e",
    "&lt;img src=x onerror={c}&gt;",
    "%3Cimg%20src=x%20onerror={c}%3E",
    "<a href='javascript:{c}'>figure</a>",
    "<noscript><p title='</noscript><img src=x onerror={c}>'>",
    "<svg><style><img src=x onerror={c}></style></svg>",
    "＜img src=x onerror={c}＞",
    "<IMG SRC=x OnErRoR={c}>",
    "<img/src='x'/onerror={c}>",
    "<<img src=x onerror={c}>",
    "<img src=x onerror={c} <b>",
    "\u202e<img src=x onerror={c}>",
)
MOST_NAME, MOST_TAG, MOST_TAGS = 180, 50, 20
CLASSES, ROWS_OF_A_CLASS = 10, 12
GIVE_UP_SECONDS = 300.0
OCTETS = {"Content-Type": "application/octet-stream"}


class Held(NamedTuple):
    """Ids of what a product holds, and how many requests with hostile texts it took."""

    datasets: list[str]
    experiments: list[str]
    sweeps: list[str]
    taken: int


def payloads() -> list[str]:
    """List the hostile texts."""
    broken = [_BREAKOUTS[at % len(_BREAKOUTS)] + each for at, each in enumerate(_HANDLERS)]
    return [each.format(c=CALL) for each in dict.fromkeys((*_HANDLERS, *broken, *_OTHERS))]


def fill(stack: Stack) -> Held:
    """Put every hostile text into every field that takes texts, and wait until the experiments have ended."""
    texts = payloads()
    parts = [texts[at : at + CLASSES] for at in range(0, len(texts), CLASSES)]
    taken = Taken(stack)
    names = list(joined(texts, MOST_NAME))
    datasets = [taken.dataset(names[at % len(names)], part) for at, part in enumerate(parts)]
    for at, name in enumerate(names[len(parts) :]):
        taken.dataset(name, parts[at % len(parts)][::-1])
    sweeps = [taken.sweep(names[at % len(names)], part) for at, part in enumerate(parts)]
    experiments = [taken.experiment(each) for each in datasets]
    for at, each in enumerate(experiments):
        taken.label(each, names[at % len(names)], texts, at)
    for each in experiments:
        _wait(stack, each)
    return Held(datasets, experiments, sweeps, taken.count)


def joined(texts: Sequence[str], most: int) -> Iterator[str]:
    """Yield texts of at most `most` characters that hold all of these, in their order."""
    line = ""
    for each in texts:
        if line and len(line) + len(each) + 1 > most:
            yield line
            line = ""
        line = f"{line} {each}".strip()
    yield line


class Taken:
    """Stack into which hostile texts are put, and how many requests with them it took."""

    def __init__(self, stack: Stack) -> None:
        self._stack, self.count = stack, 0

    def dataset(self, name: str, texts: Sequence[str]) -> str:
        """Upload a table whose name, columns, classes and values of one column are hostile; return its id."""
        head = ["number", *texts[:-1], f"class {texts[-1]}"]
        rows = [
            [at, *(f"{text} {at % 3}" for text in texts[:-1]), texts[at % len(texts)]]
            for at in range(len(texts) * ROWS_OF_A_CLASS)
        ]
        return str(self._counted(self._stack.upload(f"{name}.parquet", _parquet(head, rows)))["id"])

    def sweep(self, name: str, texts: Sequence[str]) -> str:
        """Store a sweep whose name, columns and values are hostile; return its id."""
        head = ["width", "lr", "loss", *texts]
        rows = [
            [width, 2.0**-power, 1 / width + (power - 4) ** 2, *texts]
            for width in (16, 32, 64)
            for power in range(8)
        ]
        sent = {"params": {"name": name}, "content": _parquet(head, rows), "headers": OCTETS}
        return str(self._sent("post", "/sweeps", **sent)["id"])

    def experiment(self, dataset_id: str) -> str:
        """Plan a small experiment; return its id."""
        plan = {"dataset_id": dataset_id, "widths": [8, 16], "seeds": [0, 1, 2], "num_steps": 20}
        return str(self._stack.post("/experiments", json=plan | {"lrs": [0.05, 0.1]})["id"])

    def label(self, experiment_id: str, name: str, texts: Sequence[str], turn: int) -> None:
        """Give an experiment a hostile name, notes with all texts, and as many hostile tags as fit."""
        address = f"/experiments/{experiment_id}"
        short = [each.replace(",", "") for each in texts if len(each) <= MOST_TAG]
        start = turn * MOST_TAGS % len(short)
        tags = (short[start:] + short[:start])[:MOST_TAGS]
        self._sent("patch", address, json={"name": name, "notes": "\n".join(texts), "tags": tags})

    def _sent(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        with httpx.Client(base_url=f"{self._stack.url}/api/v1", timeout=120) as client:
            return self._counted(client.request(method.upper(), path, **request))

    def _counted(self, answer: httpx.Response) -> dict[str, Any]:
        found: dict[str, Any] = answer.raise_for_status().json()
        self.count += 1
        return found


def _parquet(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """Write a table in a form that takes no text for a separator."""
    file = io.BytesIO()
    polars.DataFrame(rows, schema=list(head), orient="row").write_parquet(file)
    return file.getvalue()


def _wait(stack: Stack, experiment_id: str) -> None:
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while stack.get(f"/experiments/{experiment_id}")["state"] in ("queued", "running"):
        if time.monotonic() > give_up:
            raise RuntimeError(f"the experiment {experiment_id} did not end in {GIVE_UP_SECONDS:.0f} s")
        time.sleep(0.5)
