"""A thousand experiments posted by ten users at once, while pages are read, and cells claimed and trained."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import httpx
import numpy as np
import psutil

from benchmarks.report import RowResult
from benchmarks.stack import Stack, running
from benchmarks.users import client_at, client_of, make_users
from muscope.backend.db import claims
from muscope.backend.db.accounts import fair_claims
from muscope.backend.db.connection.session import Database
from muscope.backend.domain.fair_share import Stint, seconds_used

GOAL_POSTS, NUM_USERS = 1000, 10
GOAL_POST, GOAL_PAGE, GOAL_CLAIM, GOAL_UNFAIR = 1.0, 1.0, 0.05, 0.1
SHARE_SECONDS = 150.0
_WIDTHS = ([16, 32], [16, 32, 64], [32, 64], [32, 64, 128])
_LOOK_SECONDS, PATIENT_SECONDS = 0.5, 30.0


@dataclass(frozen=True)
class Seen:
    """Figures of one run: experiments stored of those posted, waits in seconds, slot-seconds by user.

    Attributes:
        processor: seconds of the web process, of one post with what was read beside it.
        longest_cell: seconds; a rule that interrupts none cannot promise a smaller difference between users.
    """

    posted: int
    stored: int
    posts: list[float]
    pages: list[float]
    claims: list[float]
    used: dict[str, float]
    seconds: float
    processor: float
    longest_cell: float


def posts() -> RowResult:
    """Post a thousand different plans, or POSTS of the environment, and train for a while after that."""
    wanted = int(os.environ.get("POSTS") or GOAL_POSTS)
    with TemporaryDirectory(prefix="muscope-posts-") as folder, running(Path(folder) / "data") as stack:
        return judged(_observe(stack, wanted // NUM_USERS))


def judged(seen: Seen) -> RowResult:
    """Return the row's result; fewer posts than the goal's are never a pass."""
    table = [["what", "p50", "p95", "longest", "number"]]
    p95 = {}
    for name, found in (("post", seen.posts), ("page", seen.pages), ("claim", seen.claims)):
        middle, p95[name], longest = (_percentile(found, share) for share in (50, 95, 100))
        table.append([name, f"{middle:.3f} s", f"{p95[name]:.3f} s", f"{longest:.3f} s", f"{len(found)}"])
    unfair = unfairness(seen.used)
    is_met = (
        seen.stored == seen.posted >= GOAL_POSTS
        and p95["post"] <= GOAL_POST
        and p95["page"] <= GOAL_PAGE
        and p95["claim"] <= GOAL_CLAIM
        and unfair <= GOAL_UNFAIR
    )
    value = (
        f"{seen.stored}_of_{seen.posted},{p95['post']:.2f}s,{p95['page']:.2f}s,{1000 * p95['claim']:.0f}ms"
    )
    shares = ", ".join(f"{each:.0f}" for each in sorted(seen.used.values()))
    notes = [
        f"{seen.seconds:.0f} s of posting, {1000 * seen.processor:.0f} ms of the web process a post.",
        "No two plans are alike, and the workers train what is posted.",
        "Page: the list, or one experiment with its progress, by turns. A claimed cell is given back.",
        f"Slot-seconds of each user: {shares}; the farthest from the mean is {unfair:.0%} away.",
        f"The longest cell took {seen.longest_cell:.1f} s, which no rule that interrupts none can divide.",
    ]
    goal = f"{GOAL_POSTS}_of_{GOAL_POSTS},1s,1s,50ms,{GOAL_UNFAIR:.0%}"
    return RowResult(f"{value},{unfair:.0%}", goal, is_met, table, notes)


def _percentile(waits: list[float], share: int) -> float:
    """Return a percentile; nothing seen is no wait that ended."""
    return float(np.percentile(waits, share)) if waits else float("inf")


def unfairness(used: dict[str, float]) -> float:
    """Return how far the user farthest from an equal share is from it, relative to that share."""
    fair = sum(used.values()) / len(used) if used else 0.0
    return max(abs(each / fair - 1) for each in used.values()) if fair else float("inf")


def _observe(stack: Stack, per_user: int) -> Seen:
    tokens = make_users(stack, NUM_USERS)
    with contextlib.ExitStack() as opened:
        users = [opened.enter_context(client_of(stack, token)) for token in tokens]
        datasets = [_post(user, "/examples/digits/dataset")["id"] for user in users]
        watchers = opened.enter_context(_watchers())
        stop = stack.data.parent / "stop-watching"
        pages = watchers.submit(_pages, stack.url, tokens[0], stop)
        taken = watchers.submit(_claims, stack.data, stop)
        began, before = time.monotonic(), _web_seconds(stack)
        lots = [range(number, NUM_USERS * per_user, NUM_USERS) for number in range(NUM_USERS)]
        try:
            with ThreadPoolExecutor(NUM_USERS) as pool:
                waits = list(pool.map(_post_many, users, datasets, lots))
        finally:
            stop.touch()
        seconds, processor = time.monotonic() - began, _web_seconds(stack) - before
        stored = sum(user.get("/experiments?limit=1").raise_for_status().json()["total"] for user in users)
        time.sleep(SHARE_SECONDS)
        used, longest = _slot_seconds(stack), _longest_cell(stack)
    posted = [wait for of_user in waits for wait in of_user]
    a_post = processor / len(posted)
    return Seen(len(posted), stored, posted, pages.result(), taken.result(), used, seconds, a_post, longest)


def _watchers() -> ProcessPoolExecutor:
    """Return two processes that have started: one reads pages, one claims.

    A worker and a reader are processes of their own; threads of this one would wait for those that post. Each
    has a session of its own, as the services have: Linux divides cores among sessions.
    """
    pool = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"), initializer=os.setsid)
    wait([pool.submit(time.sleep, 1.0) for _ in range(2)])
    return pool


def _web_seconds(stack: Stack) -> float:
    """Return the processor time of the process that serves the page."""
    pid = json.loads((stack.data / "stack.json").read_text())["children"]["web"]
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _post(user: httpx.Client, path: str, **body: object) -> dict[str, str]:
    """Return the answer to a POST; a refusal ends the row."""
    answer: dict[str, str] = user.post(path, json=body or None).raise_for_status().json()
    return answer


def _post_many(user: httpx.Client, dataset: str, indices: Sequence[int]) -> list[float]:
    """Post one user's plans one after the other; return the seconds of each."""
    waits = []
    for index in indices:
        plan = {"widths": _WIDTHS[index % 4], "seeds": [index, index + 1, index + 2], "preset": "quick"}
        began = time.monotonic()
        _post(user, "/experiments", dataset_id=dataset, **plan)
        waits.append(time.monotonic() - began)
    return waits


def _pages(url: str, token: str, stop: Path) -> list[float]:
    """Return the seconds of each look at the list or one experiment, until the file `stop` is there."""
    waits: list[float] = []
    newest = ""
    with client_at(url, token) as user:
        while not stop.exists():
            time.sleep(_LOOK_SECONDS)
            began = time.monotonic()
            found = user.get(f"/experiments/{newest}".removesuffix("/")).raise_for_status().json()
            waits.append(time.monotonic() - began)
            newest = "" if newest else next((each["id"] for each in found["items"]), "")
    return waits


def _claims(data: Path, stop: Path) -> list[float]:
    """Return the seconds in which a worker's claim finds, takes and commits a cell; each is given back."""
    waits: list[float] = []
    database = Database(f"sqlite:///{data / 'muscope.db'}", is_durable=False)  # as a supervisor opens it
    try:
        while not stop.exists():
            time.sleep(_LOOK_SECONDS)
            if (rung := _queued(data)) is None:
                continue
            began = time.monotonic()
            taken = _claimed(database, rung)
            waits.append(time.monotonic() - began)
            if taken is not None:
                with database.write() as session:
                    claims.release(session, taken, now=datetime.now(UTC))
    finally:
        database.close()
    return waits


def _claimed(database: Database, rung: UUID) -> claims.Claim | None:
    """Claim a cell as a worker's supervisor does."""
    with database.read() as session:
        first = fair_claims.likely(session, rung, now=datetime.now(UTC))
    if first is None:
        return None
    with database.write() as session:
        return fair_claims.claim_next(session, first, rung, owner="benchmark", now=datetime.now(UTC))


def _queued(data: Path) -> UUID | None:
    asked = "SELECT id FROM cell WHERE state = 'queued' LIMIT 1"
    with contextlib.closing(sqlite3.connect(data / "muscope.db")) as connection:
        found = connection.execute(asked).fetchone()
    return None if found is None else UUID(found[0])


def _slot_seconds(stack: Stack) -> dict[str, float]:
    """Return the slot-seconds that each user has had since all of them have experiments waiting."""
    with contextlib.closing(sqlite3.connect(stack.data / "muscope.db")) as connection:
        waiting = connection.execute(
            "SELECT owner_id, min(created_at) FROM experiment GROUP BY owner_id"
        ).fetchall()
        rows = connection.execute(
            "SELECT e.owner_id, c.started_at, c.finished_at, c.state FROM cell c"
            " JOIN experiment e ON e.id = c.experiment_id WHERE c.started_at IS NOT NULL"
        ).fetchall()
    since = max(_moment(created) for _, created in waiting)
    stints = [
        Stint(owner, _moment(start), None if state == "running" else _moment(end))
        for owner, start, end, state in rows
        if state == "running" or (end and _moment(end) > since)
    ]
    return dict.fromkeys((owner for owner, _ in waiting), 0.0) | seconds_used(
        stints, since, datetime.now(UTC)
    )


def _longest_cell(stack: Stack) -> float:
    asked = (
        "SELECT started_at, finished_at FROM cell WHERE finished_at IS NOT NULL AND started_at IS NOT NULL"
    )
    with contextlib.closing(sqlite3.connect(stack.data / "muscope.db")) as connection:
        found = connection.execute(asked).fetchall()
    return max(((_moment(end) - _moment(start)).total_seconds() for start, end in found), default=0.0)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
