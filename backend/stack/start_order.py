"""Services of the embedded stack, in the order in which they start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from muscope.backend.settings import Settings
from muscope.backend.stack.commands import Command, Node, muscope_command, web_command, worker_nodes
from muscope.backend.stack.devices import find_devices
from muscope.backend.stack.embedded_broker import prepare_broker
from muscope.backend.stack.processes import Service
from muscope.backend.stack.web_address import is_web_up

# A supervisor needs this long at most to checkpoint, release its lease and end its training child.
WORKER_GRACE_SECONDS = 20.0


@dataclass(frozen=True)
class StartOrder:
    """Services in their order: the foundation starts beside the migration, then each service in turn."""

    foundation: tuple[Service, ...]
    migration: Command | None
    services: tuple[Service, ...]
    # Prints, once all is ready, how accounts are set up; nothing where there are any.
    greeting: Command | None = None


def embedded_start_order(
    settings: Settings, find: Callable[[Sequence[str]], Sequence[str]] = find_devices
) -> StartOrder:
    """Return the services of the embedded stack; a broker of our own only where none is configured."""
    absolute = {"MUSCOPE_DATA": str(settings.data_folder)}
    foundation: tuple[Service, ...] = ()
    if settings.broker_url is None:
        broker = prepare_broker(settings.runtime_folder, settings.broker_socket)
        foundation = (Service("broker", broker.command, broker.is_ready, grace_seconds=3, stop_rank=4),)
    web = Service("web", web_command(settings), lambda: is_web_up(settings), absolute, stop_rank=1)
    nodes = worker_nodes(settings, find(settings.devices))
    workers = tuple(_worker_service(node, absolute) for node in nodes)
    conductor = Service("conductor", muscope_command("conductor"), environment=absolute, stop_rank=3)
    # The page comes first: the worker's import of torch would keep every core busy for seconds.
    return StartOrder(
        foundation,
        muscope_command("migrate"),
        (web, conductor, *workers),
        muscope_command("users", "first-link"),
    )


def _worker_service(node: Node, absolute: dict[str, str]) -> Service:
    return Service(
        node.name,
        node.command,
        environment=absolute | node.environment,
        grace_seconds=WORKER_GRACE_SECONDS,
        stop_rank=2,
    )
