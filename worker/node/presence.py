"""Registers a node in table `worker`, with the speed it measures at every start, and shows that it lives."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from muscope.backend.child_processes import FOR_TORCH, child_environment
from muscope.backend.db import cells
from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import Database, Session
from muscope.backend.db.machines import workers
from muscope.backend.domain.cost.prediction import Calibration
from muscope.backend.errors import StorageFull, Unavailable
from muscope.backend.settings import Settings, get_settings
from muscope.backend.storage.blobs.place import open_blobs
from muscope.worker.node import fitness
from muscope.worker.node.announcing import Announcer
from muscope.worker.node.crowding import Crowding, load_now

log = logging.getLogger(__name__)

TOUCH_SECONDS = 10.0
# Seconds of work on a quiet machine; among ten neighbours it took more than a minute.
CALIBRATION_SECONDS = 300.0


def begin(sender: Any, **_: Any) -> None:
    """Show the node from a thread of its own, from now on."""
    threading.Thread(target=_show, args=(str(sender.hostname), get_settings()), daemon=True).start()


def _show(name: str, settings: Settings) -> None:
    database = Database(database_address(settings), forks=True)
    cores = os.cpu_count() or 1
    crowding = Crowding(slots=settings.worker_slots, cores=cores, every_seconds=TOUCH_SECONDS)
    is_registered = False
    while True:
        try:
            if is_registered:
                touch(name, settings, database, crowding, now=datetime.now(UTC))
            else:
                register(name, settings, database)
                is_registered = True
                # Of its own: to describe a model may take minutes, and a silent worker counts as lost.
                threading.Thread(target=_announce, args=(name, settings), daemon=True).start()
        except (Unavailable, OSError, subprocess.SubprocessError, ValueError) as error:
            log.warning("worker %s could not show itself: %s", name, error)
        time.sleep(TOUCH_SECONDS)


def _announce(name: str, settings: Settings) -> None:
    """Announce the models that the node holds, now and whenever they change."""
    database = Database(database_address(settings), forks=True)
    announcer = Announcer(name, settings, open_blobs(settings))
    while True:
        try:
            announcer.look(database)
        except (Unavailable, StorageFull, OSError, subprocess.SubprocessError, ValueError) as error:
            log.warning("worker %s could not announce its models: %s", name, error)
        time.sleep(TOUCH_SECONDS)


def touch(name: str, settings: Settings, database: Database, crowding: Crowding, *, now: datetime) -> None:
    """Show that the node lives, and what is wrong with it; its machine is looked at for that."""
    with database.write() as session:
        ahead = workers.clock_ahead(session, now)
        fitness.note_passing(fitness.fault_of_host(name, settings, ahead=ahead))
        factor = _crowding(session, settings, crowding)
        # By the database's clock, or a node with a wrong one would seem lost.
        workers.touch(session, name, now=now - ahead, crowding=factor, fault=fitness.fault())


def _crowding(session: Session, settings: Settings, crowding: Crowding) -> float:
    """Return what neighbours do to training now; a GPU has none."""
    if settings.node_device != "cpu":
        return 1.0
    return crowding.look(load_now(), cells.num_training(session, socket.gethostname()))


def register(name: str, settings: Settings, database: Database) -> None:
    """Write the node's row: the best of this and earlier calibrations of the same environment.

    A neighbour can only make a measurement slower, so the best one is nearest to the machine's own speed.
    """
    found = _ask_device()
    calibration = Calibration(**found["calibration"])
    with database.write() as session:
        known = workers.get(session, name)
        if known is not None and known.environment == found["environment"]:
            calibration = best_of(calibration, known.flops_per_second, known.seconds_per_run_step)
        workers.register(
            session,
            name,
            now=datetime.now(UTC),
            slots=settings.worker_slots,
            device=found["environment"]["device"],
            memory_bytes=found["memory_bytes"],
            environment=found["environment"],
            version=version("muscope"),
            flops_per_second=calibration.flops_per_second,
            seconds_per_run_step=calibration.seconds_per_run_step,
        )
    log.info("worker %s: %s, %s", name, found["environment"], calibration)


def best_of(measured: Calibration, flops_per_second: float, seconds_per_run_step: float) -> Calibration:
    """Return the faster of two calibrations, each figure by itself."""
    return Calibration(
        flops_per_second=max(measured.flops_per_second, flops_per_second),
        seconds_per_run_step=min(measured.seconds_per_run_step, seconds_per_run_step),
    )


def _ask_device() -> dict[str, Any]:
    """Have a process with torch name its environment and measure it."""
    answer = subprocess.run(
        (sys.executable, "-m", "muscope.worker.calibrate"),
        capture_output=True,
        text=True,
        check=True,
        timeout=CALIBRATION_SECONDS,
        env=child_environment(**FOR_TORCH),
    )
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found
