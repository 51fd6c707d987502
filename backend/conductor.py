"""Loop of the backend: re-queue, expire, cancel and advance cells. It calls services and decides nothing.

It works every `conductor_seconds`, and at once when a notice says that something changed.
"""

from __future__ import annotations

import logging
import random
import signal
import threading
import time

from muscope.backend.errors import Unavailable
from muscope.backend.events import Notices
from muscope.backend.liveness import note_round
from muscope.backend.logs import set_up_logging
from muscope.backend.services.conduct.advance import LastSnapshots
from muscope.backend.services.conduct.rounds import PulseWatch, conduct_round, seconds_to_next_round
from muscope.backend.services.context import Context, open_context
from muscope.backend.services.retention.daily import DailyRetention
from muscope.backend.services.retention.unused_blobs import UnusedBlobs
from muscope.backend.settings import Settings, get_settings
from muscope.backend.storage.blobs.folder import STARTS

log = logging.getLogger(__name__)

# Chunks of a busy experiment announce themselves several times a second; one look serves them all.
LEAST_SECONDS_BETWEEN_ROUNDS = 0.5


def main() -> None:
    """Conduct until SIGTERM or SIGINT."""
    settings = get_settings()
    set_up_logging(settings)
    stop, wake = threading.Event(), threading.Event()

    def ask_to_stop(*_: object) -> None:
        stop.set()
        wake.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    threading.Thread(target=_listen, args=(settings, wake), daemon=True).start()
    with open_context(settings) as context:
        log.info("conducting every %g s", settings.conductor_seconds)
        run(context, stop, wake)


def run(context: Context, stop: threading.Event, wake: threading.Event) -> None:
    """Conduct rounds until `stop` is set; an outage of the database is waited out."""
    watch = PulseWatch(lease_seconds=context.settings.lease_seconds, monotonic=time.monotonic)
    last, retention = LastSnapshots(), DailyRetention(monotonic=time.monotonic)
    unused_blobs = UnusedBlobs(monotonic=time.monotonic, first=random.randrange(len(STARTS)))
    while not stop.is_set():
        wake.clear()
        seconds = context.settings.conductor_seconds
        try:
            conduct_round(context, watch, last)
            retention.run_if_due(context)
            unused_blobs.run_if_due(context)
            note_round(context.settings)
            seconds = seconds_to_next_round(context)
        except Unavailable as error:
            log.warning("the database is away: %s", error)
        stop.wait(min(LEAST_SECONDS_BETWEEN_ROUNDS, context.settings.conductor_seconds))
        wake.wait(seconds)


def _listen(settings: Settings, wake: threading.Event) -> None:
    notices = Notices(settings.resolved_broker_url)
    for notice in notices.listen(wait_seconds=settings.conductor_seconds):
        if notice is None:
            time.sleep(0.2)  # the broker may be away; do not spin
        else:
            wake.set()


if __name__ == "__main__":
    main()
