"""Metrics of one web process in the format of Prometheus: its requests, and the state of the system.

Requests are counted as they are answered; the state is read from the database when somebody asks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from muscope.backend.errors import Unavailable
from muscope.backend.services.context import Context
from muscope.backend.services.operation import Operation, operation_of

log = logging.getLogger(__name__)

# From a cached answer to a preview at its limit, in seconds.
_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
UNKNOWN = "unknown"  # stands for a path that no route has
_LABELS = ("method", "route", "status")


class Metrics:
    """Counters of one application; two in one process do not share them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "muscope_http_requests", "Requests answered.", _LABELS, registry=self.registry
        )
        self.seconds = Histogram(
            "muscope_http_request_duration_seconds",
            "Time until an answer begins; a stream lasts longer.",
            _LABELS,
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.events = Counter(
            "muscope_events_sent", "Messages put in line for viewers of experiments.", registry=self.registry
        )

    def watch(self, context: Context, num_viewers: Callable[[], int]) -> None:
        """Read the state of the system at every later look."""
        self.registry.register(_StateCollector(context, num_viewers))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class CountRequests:
    """Counts each answer by method, route and status, and the time until it begins.

    A path is counted under the template of its route, so that ids make no series of their own; what no route
    knows is counted together.

    Args:
        below: path in front of the routes of the API.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, below: str) -> None:
        self._app = app
        self._metrics = metrics
        self._below = below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                labels = (scope["method"], _route(scope, self._below), str(message["status"]))
                self._metrics.requests.labels(*labels).inc()
                self._metrics.seconds.labels(*labels).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, send_counted)


class _StateCollector(Collector):
    """State of the system, read when the metrics are asked for."""

    def __init__(self, context: Context, num_viewers: Callable[[], int]) -> None:
        self._context = context
        self._num_viewers = num_viewers

    def collect(self) -> Iterator[Metric]:
        yield _gauge("muscope_viewers", "Open streams of this process.", self._num_viewers())
        try:
            state = operation_of(self._context)
        except Unavailable as error:
            log.warning("metrics without the database: %s", error)
            yield _gauge("muscope_database_up", "Whether the database can be read.", 0)
            return
        yield _gauge("muscope_database_up", "Whether the database can be read.", 1)
        yield from _of_state(state)


def _of_state(state: Operation) -> Iterator[Metric]:
    cells = GaugeMetricFamily("muscope_cells", "Cells of all experiments by state.", labels=("state",))
    for name, count in state.cells.items():
        cells.add_metric((name,), count)
    yield cells
    yield _gauge("muscope_workers", "Worker nodes seen in the last minute.", state.num_workers)
    yield _gauge("muscope_worker_slots", "Cells that these nodes train at once.", state.num_slots)
    if state.num_waiting is not None:
        yield _gauge("muscope_queue_length", "Messages that no worker has taken yet.", state.num_waiting)
    yield _gauge("muscope_broker_up", "Whether the broker answers.", int(state.num_waiting is not None))
    yield _gauge("muscope_disk_free_bytes", "Room on the disk of the data folder.", state.free_bytes)
    yield _gauge("muscope_database_wal_bytes", "Size of SQLite's write-ahead log.", state.log_bytes)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)


def _route(scope: Scope, below: str) -> str:
    """Return the template of a request's route; routes below `below` do not know it as their part."""
    template = getattr(scope.get("route"), "path", None)
    if template is None:
        return UNKNOWN
    is_below = scope["path"].startswith(f"{below}/") and not template.startswith(below)
    return f"{below}{template}" if is_below else str(template)
