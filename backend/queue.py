"""Task queue: Celery carries cell ids to idle workers, never a spec and never a result.

Backend and worker meet by the task's name and an id only; its body is in `muscope.worker.node.tasks`. The
settings and the reasons for them: docs/reliability.md §4-5.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from muscope.backend.domain.devices import CPU_QUEUE
from muscope.backend.settings import Settings

log = logging.getLogger(__name__)

TRAIN_CELL = "muscope.train_cell"
PUBLISH_SECONDS = 2.0
# A worker waits for messages as long as there are none, but for each answer of the broker only so long.
ANSWER_SECONDS = 10.0


def create_celery(settings: Settings, *, publishes_only: bool = False) -> Celery:
    """Configure Celery for this installation's broker."""
    app = Celery("muscope", broker=celery_broker_url(settings.resolved_broker_url), set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_default_queue=CPU_QUEUE,
        task_acks_late=False,
        task_ignore_result=True,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "health_check_interval": 10,
            "socket_keepalive": True,
            "socket_timeout": ANSWER_SECONDS,
            "socket_connect_timeout": ANSWER_SECONDS,
        },
    )
    if publishes_only:
        app.conf.broker_transport_options |= {
            "socket_timeout": PUBLISH_SECONDS,
            "socket_connect_timeout": PUBLISH_SECONDS,
            "max_retries": 0,
        }
    return app


def celery_broker_url(url: str) -> str:
    """Spell a redis-py URL the way kombu wants it; only unix sockets differ."""
    return url.replace("unix://", "redis+socket://", 1) if url.startswith("unix://") else url


class Bell:
    """Publishes cell ids to workers. The conductor publishes lost ones again, so a failure is only logged."""

    def __init__(self, settings: Settings) -> None:
        self._celery = create_celery(settings, publishes_only=True)
        self._redis = redis.Redis.from_url(
            settings.resolved_broker_url,
            socket_timeout=PUBLISH_SECONDS,
            socket_connect_timeout=PUBLISH_SECONDS,
        )

    def ring(self, cell_ids: Sequence[UUID], *, queue: str = CPU_QUEUE) -> bool:
        """Publish the ids in this order; False when the broker did not take them."""
        try:
            for cell_id in cell_ids:
                self._celery.send_task(TRAIN_CELL, args=[str(cell_id)], queue=queue, retry=False)
        except (OperationalError, redis.RedisError, OSError) as error:
            log.warning("the broker is away; %d cells wait for the next round: %s", len(cell_ids), error)
            return False
        return True

    def num_waiting(self, *, queue: str = CPU_QUEUE) -> int | None:
        """Count the messages of a queue no worker has taken yet; None when the broker is away."""
        try:
            return int(self._redis.llen(queue))
        except (redis.RedisError, OSError):
            return None

    def close(self) -> None:
        """Give the connections back."""
        self._celery.close()
        self._redis.close()
