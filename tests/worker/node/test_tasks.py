import time
from types import SimpleNamespace
from uuid import uuid4

import pytest
from celery import Celery

from muscope.backend.errors import Unavailable
from muscope.backend.queue import TRAIN_CELL, create_celery
from muscope.backend.settings import Settings
from muscope.worker.node import fitness, tasks


class WarmChild:
    """Counts how often it is made sure that it runs."""

    def __init__(self):
        self.num_starts = 0

    def start(self):
        self.num_starts += 1


CONTEXT = SimpleNamespace(monotonic=lambda: 0.0, is_stopping=lambda: False)


def test_the_task_is_registered_under_the_name_the_backend_rings(tmp_path):
    app = create_celery(Settings(data=tmp_path))

    task = tasks.register(app)

    assert task.name == TRAIN_CELL
    assert TRAIN_CELL in app.tasks


def test_the_body_is_supervision_of_the_cell_in_the_message(monkeypatch):
    asked = []
    child = WarmChild()
    monkeypatch.setattr(fitness, "is_fit", lambda *_, **__: True)
    monkeypatch.setattr(tasks, "_child", lambda: child)
    monkeypatch.setattr(tasks, "_context", lambda: CONTEXT)
    monkeypatch.setattr(tasks, "supervise", lambda *given: asked.append(given))
    cell_id = uuid4()

    tasks.register(Celery(set_as_current=False))(str(cell_id))

    assert asked == [(cell_id, child, CONTEXT)]


def test_a_child_that_a_cell_has_cost_is_followed_by_a_warm_one(monkeypatch):
    child = WarmChild()
    monkeypatch.setattr(fitness, "is_fit", lambda *_, **__: True)
    monkeypatch.setattr(tasks, "_child", lambda: child)
    monkeypatch.setattr(tasks, "supervise", lambda *_: None)
    for is_stopping in (False, True):
        context = SimpleNamespace(monotonic=lambda: 0.0, is_stopping=lambda now=is_stopping: now)
        monkeypatch.setattr(tasks, "_context", lambda context=context: context)
        tasks.train_cell(str(uuid4()))

    assert child.num_starts == 1


def test_without_a_database_the_message_is_left_for_the_next_bell(monkeypatch, caplog):
    def be_away(*_):
        raise Unavailable("database.unavailable", detail="gone")

    monkeypatch.setattr(fitness, "is_fit", lambda *_, **__: True)
    monkeypatch.setattr(tasks, "_child", WarmChild)
    monkeypatch.setattr(tasks, "_context", lambda: CONTEXT)
    monkeypatch.setattr(tasks, "supervise", be_away)

    tasks.train_cell(str(uuid4()))

    assert "next bell" in caplog.text


def test_a_node_that_is_unfit_claims_nothing(monkeypatch):
    asked: list[object] = []
    waits: list[float] = []
    monkeypatch.setattr(fitness, "is_fit", lambda *_, **__: False)
    monkeypatch.setattr(tasks, "_child", lambda: None)
    monkeypatch.setattr(tasks, "_context", lambda: CONTEXT)
    monkeypatch.setattr(tasks, "supervise", lambda *given: asked.append(given))
    monkeypatch.setattr(time, "sleep", waits.append)

    tasks.train_cell(str(uuid4()))

    assert asked == []
    assert waits == [tasks.UNFIT_SECONDS]


def test_a_message_that_is_no_id_is_an_error():
    with pytest.raises(ValueError, match="UUID"):
        tasks.train_cell("not an id")
