"""Gives back the cells that ended processes of this machine held, long before their leases end.

A conductor does so too, where it runs on this machine.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from typing import Any

from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import Database
from muscope.backend.db.machines.holders import give_back_of_ended
from muscope.backend.db.machines.pulses import pulses
from muscope.backend.errors import MuscopeError
from muscope.backend.events import Notices, ProgressNotice
from muscope.backend.settings import Settings, get_settings

log = logging.getLogger(__name__)


def begin(**_: Any) -> None:
    """Look after the cells of ended processes from a thread of its own, from now on."""
    threading.Thread(target=_watch, args=(get_settings(),), daemon=True).start()


def _watch(settings: Settings) -> None:
    database = Database(database_address(settings), forks=True)
    notices = Notices(settings.resolved_broker_url)
    while True:
        try:
            look(database, notices, now=datetime.now(UTC))
        except MuscopeError as error:
            log.warning("cells of ended processes are looked for later: %s", error)
        time.sleep(settings.heartbeat_seconds)


def look(database: Database, notices: Notices, *, now: datetime) -> None:
    """Give back what ended processes hold, and have a conductor ring for it."""
    with database.read() as session:
        running = pulses(session)
    for pulse, state in give_back_of_ended(database, running, now=now):
        log.warning(
            "cell %s was held by %s, which has ended; it is now %s", pulse.cell_id, pulse.owner, state
        )
        if pulse.experiment_id is not None:
            notices.publish(ProgressNotice(pulse.experiment_id, pulse.cell_id))
