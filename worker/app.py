"""Celery application of a worker node: `celery -A muscope.worker.app worker`. Never imports torch."""

from __future__ import annotations

from celery.signals import (
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)

from muscope.backend.queue import create_celery
from muscope.backend.settings import get_settings
from muscope.worker.node import presence, tasks

app = create_celery(get_settings())
train_cell = tasks.register(app)

worker_shutting_down.connect(tasks.stop_soon)
worker_process_init.connect(tasks.warm_up)
worker_process_shutdown.connect(tasks.cool_down)
worker_ready.connect(presence.begin)
