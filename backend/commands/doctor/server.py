"""Checks of a running server: that it answers, is ready, and has workers of one kind."""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.client import Client
from muscope.backend.client.exchange import Retries
from muscope.backend.client.replies import Worker
from muscope.backend.commands.doctor.check_result import CheckResult, failure, warning, well
from muscope.backend.errors import RequestFailed, Unavailable

# The reader looks for a fault and wants to know of it now.
_ONCE = Retries(most=1)


def check_server(address: str, token: str | None, language: str, *, is_needed: bool) -> Iterator[CheckResult]:
    """Ask a server; without one nothing further is asked.

    Args:
        is_needed: a server was named, so that none is a failure.
    """
    with Client(address, token, language=language, retries=_ONCE) as client:
        try:
            workers = client.list_workers()
            client.require_ready()
        except Unavailable:
            state = failure if is_needed else warning
            yield state("server", "away", address=address)
            return
        except RequestFailed as error:
            yield failure("server", "fault", address=address, sentence=error.sentence)
            return
        yield well("server", address=address)
        yield check_workers(workers)
        yield from check_each_worker(workers)


def check_workers(workers: list[Worker]) -> CheckResult:
    """Tell whether a worker is alive, and whether all have one version of PyTorch."""
    if not workers:
        return failure("workers", "none")
    versions = sorted({str(worker.environment.get("torch")) for worker in workers})
    if len(versions) > 1:
        return warning("workers", "versions", versions=", ".join(versions))
    return well("workers", count=len(workers), slots=sum(worker.slots for worker in workers))


def check_each_worker(workers: list[Worker]) -> Iterator[CheckResult]:
    """Name every worker that takes no cells or is of another version of µScope than the server."""
    for worker in workers:
        if worker.fault is not None:
            yield failure("workers", "unfit", name=worker.name, reason=worker.fault)
        elif worker.is_other_version:
            yield warning("workers", "other_version", name=worker.name, version=worker.version or "–")
