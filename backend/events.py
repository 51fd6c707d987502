"""Notices: "this cell or experiment has something new". They carry no data and may be lost or repeated.

A reader of a notice looks into the database; one without notices looks every second (docs/reliability.md §7).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import redis

from muscope.backend.queue import PUBLISH_SECONDS

log = logging.getLogger(__name__)

CHANNEL = "muscope:notices"
# A subscription is renewed after this silence: one whose connection was lost on the way never hears of it.
RENEW_SECONDS = 15.0


@dataclass(frozen=True)
class ProgressNotice:
    """Something of an experiment changed; `cell_id` says which cell, if it was one."""

    experiment_id: UUID
    cell_id: UUID | None = None

    def to_json(self) -> str:
        """Return the JSON form that is published."""
        cell = None if self.cell_id is None else str(self.cell_id)
        return json.dumps({"experiment": str(self.experiment_id), "cell": cell})

    @classmethod
    def from_json(cls, text: str | bytes) -> ProgressNotice:
        """Read the published JSON form."""
        fields = json.loads(text)
        cell = fields["cell"]
        return cls(UUID(fields["experiment"]), None if cell is None else UUID(cell))


class Notices:
    """Channel on which notices are published and received."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=PUBLISH_SECONDS, socket_connect_timeout=PUBLISH_SECONDS
        )

    def publish(self, notice: ProgressNotice) -> None:
        """Publish a notice; one that is lost does no harm."""
        try:
            self._redis.publish(CHANNEL, notice.to_json())
        except (redis.RedisError, OSError) as error:
            log.debug("notice not published: %s", error)

    def listen(self, *, wait_seconds: float) -> Iterator[ProgressNotice | None]:
        """Yield each notice, and None whenever `wait_seconds` passed without one or the broker is away.

        The caller decides how long to pause when None comes at once; the connection is renewed by itself.
        """
        while True:
            try:
                yield from self._until_silent(min(wait_seconds, PUBLISH_SECONDS / 2))
            except (redis.RedisError, OSError):
                yield None

    def _until_silent(self, wait_seconds: float) -> Iterator[ProgressNotice | None]:
        """Listen on one connection until nothing has come for `RENEW_SECONDS`."""
        num_silent = 0
        with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
            subscription.subscribe(CHANNEL)
            while num_silent * wait_seconds < RENEW_SECONDS:
                message = subscription.get_message(timeout=wait_seconds)
                num_silent = num_silent + 1 if message is None else 0
                yield None if message is None else ProgressNotice.from_json(message["data"])

    def is_up(self) -> bool:
        """Tell whether the broker answers."""
        try:
            return bool(self._redis.ping())
        except (redis.RedisError, OSError):
            return False

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()
