"""Live progress: all marks first, then what changes, and a clean end."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import pytest

from muscope.backend.api.live import hub as hub_module
from muscope.backend.api.live import stream
from muscope.backend.api.live.hub import Hub, Viewer
from muscope.backend.api.live.messages import SharedChanges, marks_since
from muscope.backend.api.live.stream import Permission, progress_events
from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.lifecycle import CellState, ExperimentState
from muscope.backend.events import ProgressNotice
from muscope.backend.services.marks import read_marks
from muscope.backend.services.views.views import CellMark, Marks
from muscope.backend.settings import Settings
from muscope.backend.stack.commands import GRACEFUL_SHUTDOWN_SECONDS, web_command
from tests.backend.api.conftest import Server, serving
from tests.ports import free_port
from tests.waiting import wait_until

EXPERIMENT = uuid.UUID(int=1)
CELLS = (uuid.UUID(int=2), uuid.UUID(int=3))


class Event(NamedTuple):
    kind: str
    data: dict[str, Any]


@contextmanager
def following(client: httpx.Client, experiment_id: str) -> Iterator[Iterator[Event]]:
    """Open an experiment's stream and read its events one by one."""
    with client.stream("GET", f"/api/v1/experiments/{experiment_id}/events") as reply:
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        yield _events(reply.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[Event]:
    kind = ""
    for line in lines:
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield Event(kind, json.loads(line.removeprefix("data: ")))


def advance(server: Server, cell_id: str, step: int) -> None:
    """Commit a step as a worker's recorder would."""
    with server.runtime.context.database.write() as session:
        row = session.get_one(CellRow, uuid.UUID(cell_id))
        row.committed_step, row.version = step, row.version + 1


def marks(*steps: int, version: int = 0, state: ExperimentState = ExperimentState.RUNNING) -> Marks:
    """Return the marks of cells that are at these steps."""
    cells = tuple(
        CellMark(cell_id=cell_id, state=CellState.RUNNING, version=step + 1, step=step)
        for cell_id, step in zip(CELLS, steps, strict=False)
    )
    return Marks(experiment_id=EXPERIMENT, state=state, version=version, cells=cells)


def test_a_stream_tells_all_marks_then_changes_then_the_end(
    client: httpx.Client, server: Server, experiment: dict[str, Any]
):
    route = f"/api/v1/experiments/{experiment['id']}"
    with following(client, experiment["id"]) as events:
        first = next(events)
        cell_id = first.data["cells"][1]["cell_id"]
        advance(server, cell_id, 5)
        change = next(events)
        client.post(f"{route}/cancellation")
        last, end, *rest = events

    assert (first.kind, len(first.data["cells"])) == ("marks", 4)
    assert [(mark["cell_id"], mark["step"]) for mark in change.data["cells"]] == [(cell_id, 5)]
    assert {mark["state"] for mark in last.data["cells"]} == {"cancelled"}
    assert end == Event("end", {"experiment_id": experiment["id"], "state": "cancelled"})
    assert rest == []


def test_a_finished_experiment_is_told_at_once(client: httpx.Client, experiment: dict[str, Any]):
    client.post(f"/api/v1/experiments/{experiment['id']}/cancellation")

    with following(client, experiment["id"]) as events:
        assert [event.kind for event in events] == ["marks", "end"]


def test_a_viewer_who_leaves_is_forgotten(client: httpx.Client, server: Server, experiment: dict[str, Any]):
    with following(client, experiment["id"]) as events:
        next(events)
        wait_until(lambda: server.runtime.hub.num_viewers == 1)

    wait_until(lambda: server.runtime.hub.num_viewers == 0)
    wait_until(lambda: not server.runtime.hub._watches)


def test_viewers_of_one_experiment_share_one_watch(
    client: httpx.Client, server: Server, experiment: dict[str, Any]
):
    with following(client, experiment["id"]) as one, following(client, experiment["id"]) as other:
        cell_id = next(one).data["cells"][0]["cell_id"]
        next(other)
        wait_until(lambda: server.runtime.hub.num_viewers == 2)
        assert len(server.runtime.hub._watches) == 1
        advance(server, cell_id, 5)

        assert next(one) == next(other)


def test_a_stop_of_the_server_ends_its_streams(server: Server, experiment: dict[str, Any]):
    known = server.settings
    settings = Settings(data=known.data, database_url=known.database_url, broker_url=known.broker_url)
    with serving(settings) as other, httpx.Client(base_url=f"http://127.0.0.1:{other.port}") as client:
        loop = other.runtime.hub._loop
        assert loop is not None
        with following(client, experiment["id"]) as events:
            next(events)
            loop.call_soon_threadsafe(other.runtime.hub.end_streams)

            assert list(events) == []


def test_a_notice_wakes_the_watch_before_its_next_look(
    server: Server, experiment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    notices = _Notices()
    context = server.runtime.context
    monkeypatch.setattr(type(context.notices), "listen", notices.listen)
    opening = read_marks(context, "local", uuid.UUID(experiment["id"]))

    async def follow() -> Any:
        hub = Hub(context, look_seconds=60, rest_seconds=0.01)
        hub.open()
        events = progress_events(hub, "local", opening)
        await anext(events)
        change = asyncio.ensure_future(anext(events))
        async with asyncio.timeout(5):
            while not any(watch.latest for watch in hub._watches.values()):
                await asyncio.sleep(0.01)
        advance(server, str(opening.cells[0].cell_id), 5)
        notices.tell(ProgressNotice(opening.experiment_id))
        event = await asyncio.wait_for(change, 5)
        await events.aclose()
        await hub.close()
        return event.data

    assert [mark.step for mark in asyncio.run(follow()).cells] == [5]


class _Notices:
    """A channel that hears what a test tells it."""

    def __init__(self) -> None:
        self._told: list[ProgressNotice] = []
        self._news = threading.Event()

    def tell(self, notice: ProgressNotice) -> None:
        self._told.append(notice)
        self._news.set()

    def listen(self, *, wait_seconds: float) -> Iterator[ProgressNotice | None]:
        while True:
            self._news.wait(wait_seconds)
            self._news.clear()
            yield self._told.pop() if self._told else None


def test_a_connection_does_not_live_for_ever(server: Server, experiment: dict[str, Any]):
    opening = read_marks(server.runtime.context, "local", uuid.UUID(experiment["id"]))

    async def follow() -> list[tuple[str | None, int | None]]:
        hub = Hub(server.runtime.context)
        events = progress_events(hub, "local", opening, life_seconds=0.05)
        kinds = [(event.event, event.retry) async for event in events]
        for watch in hub._watches.values():
            assert watch.task is not None
            watch.task.cancel()
        return kinds

    assert asyncio.run(follow()) == [("marks", 2000)]


def test_a_stream_ends_when_its_reader_loses_the_right(server: Server, experiment: dict[str, Any]):
    opening = read_marks(server.runtime.context, "local", uuid.UUID(experiment["id"]))
    answers = [True, False]

    async def ask() -> bool:
        return answers.pop(0)

    async def follow() -> list[str | None]:
        hub = Hub(server.runtime.context)
        events = progress_events(hub, "local", opening, permission=Permission(ask, seconds=0.02))
        kinds = [event.event async for event in events]
        for watch in hub._watches.values():
            assert watch.task is not None
            watch.task.cancel()
        return kinds

    assert asyncio.run(follow()) == ["marks"]
    assert answers == []


def test_only_cells_that_moved_are_told():
    assert marks_since(marks(1, 1), marks(1, 1)) is None
    moved = marks(1, 2)
    assert marks_since(marks(1, 1), moved) == moved.model_copy(update={"cells": moved.cells[1:]})
    assert marks_since(marks(5, 1), marks(3, 1)) is None, "older marks are not news"
    assert marks_since(marks(1), marks(1, version=1)) == marks(version=1)


def test_viewers_who_have_seen_the_same_get_one_event_that_was_written_once():
    changes, seen, latest = SharedChanges(), marks(1, 1), marks(1, 2)
    first, other = changes.event(seen, latest), changes.event(seen, latest)
    assert first is not None
    assert first is other
    assert first.wire is other.wire
    assert json.loads(first.wire.split(b"data: ")[1])["cells"][0]["step"] == 2


def test_who_has_seen_something_else_gets_what_changed_since_then():
    changes, latest = SharedChanges(), marks(1, 2)
    for seen in (marks(1, 1), marks(0, 1), marks(1, 2)):
        event = changes.event(seen, latest)
        assert (None if event is None else event.data) == marks_since(seen, latest)


def test_a_silent_stream_sends_comments_so_that_proxies_keep_it(
    server: Server, experiment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stream, "KEEP_ALIVE_SECONDS", 0.02)
    opening = read_marks(server.runtime.context, "local", uuid.UUID(experiment["id"]))

    async def follow() -> bytes:
        hub = Hub(server.runtime.context)
        events = progress_events(hub, "local", opening)
        await anext(events)
        sent = (await asyncio.wait_for(anext(events), 5)).wire
        await events.aclose()
        for watch in hub._watches.values():
            assert watch.task is not None
            watch.task.cancel()
        return sent

    assert asyncio.run(follow()) == b": ping\n\n"


def test_a_viewer_that_does_not_read_is_cut():
    viewer = Viewer()

    for step in range(hub_module.QUEUE_LENGTH):
        viewer.offer(marks(step))
    assert not viewer.is_cut
    viewer.offer(marks(0))

    assert viewer.is_cut


def test_many_changes_are_merged_to_two_messages_a_second(
    client: httpx.Client, server: Server, experiment: dict[str, Any]
):
    told = 0
    with following(client, experiment["id"]) as events:
        cell_id = next(events).data["cells"][0]["cell_id"]
        began = time.monotonic()
        for step in range(30):
            advance(server, cell_id, step)
        for event in events:
            told += 1
            if event.data["cells"][0]["step"] == 29:
                break
        seconds = time.monotonic() - began

    assert told <= 2 * seconds + 2


@pytest.mark.system
def test_a_stop_signal_ends_streams_before_the_server_waits_for_them(
    server: Server, experiment: dict[str, Any]
):
    settings = server.settings.model_copy(update={"port": free_port()})
    environment = {"MUSCOPE_DATA": str(settings.data), "MUSCOPE_BROKER_URL": str(settings.broker_url)}
    if settings.database_url:
        environment["MUSCOPE_DATABASE_URL"] = settings.database_url
    process = subprocess.Popen(web_command(settings), env=os.environ | environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{settings.port}") as client:
            wait_until(lambda: _is_up(client))
            with following(client, experiment["id"]) as events:
                next(events)
                process.terminate()
                began = time.monotonic()

                assert list(events) == []
        process.wait(5)
        assert time.monotonic() - began < GRACEFUL_SHUTDOWN_SECONDS - 1
    finally:
        process.kill()
        process.wait()


def _is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False
