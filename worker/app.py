"""Celery application of a worker node: `celery -A muscope.worker.app worker`. Never imports torch."""

from __future__ import annotations

from typing import Any

from celery.signals import (
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)

from muscope.backend.logs import set_up_logging
from muscope.backend.queue import create_celery
from muscope.backend.settings import LogFormat, get_settings
from muscope.worker.node import left_cells, presence, tasks

settings = get_settings()
if settings.log_format is LogFormat.JSON:  # in place of Celery's own set-up, which its signal turns off

    def _log_as_json(**_: Any) -> None:
        set_up_logging(settings)

    setup_logging.connect(_log_as_json, weak=False)

app = create_celery(settings)
train_cell = tasks.register(app)

worker_shutting_down.connect(tasks.stop_soon)
worker_process_init.connect(tasks.warm_up)
worker_process_shutdown.connect(tasks.cool_down)
worker_ready.connect(presence.begin)
worker_ready.connect(left_cells.begin)
