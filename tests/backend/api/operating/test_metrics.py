"""Metrics as Prometheus' own parser reads them."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select

from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.settings import MetricsAccess
from tests.backend.api.conftest import serving


def _values(text):
    """Return every sample by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _requests(values, **labels):
    return values.get(("muscope_http_requests_total", tuple(sorted(labels.items()))), 0.0)


@pytest.fixture
def client(server):
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as opened:
        yield opened


def test_requests_are_counted_by_the_template_of_their_route(client):
    before = _values(client.get("/metrics").text)
    for _ in range(3):
        client.get(f"/api/v1/experiments/{uuid4()}")
    client.get("/healthz")
    client.get("/nothing/here")
    after = _values(client.get("/metrics").text)

    def more(**labels):
        return _requests(after, **labels) - _requests(before, **labels)

    assert more(method="GET", route="/api/v1/experiments/{experiment_id}", status="404") == 3
    assert more(method="GET", route="/healthz", status="200") == 1
    assert more(method="GET", route="unknown", status="404") == 1
    labels = (("method", "GET"), ("route", "/healthz"), ("status", "200"))
    assert after["muscope_http_request_duration_seconds_count", labels] >= 1


def _num_queued(server):
    """Return how many cells of the server's database wait, whichever tests left them."""
    with server.runtime.context.database.read() as session:
        waiting = select(func.count()).select_from(CellRow).where(CellRow.state == CellState.QUEUED)
        return session.scalar(waiting)


def test_the_state_of_the_system_is_in_them(client, server):
    values = _values(client.get("/metrics").text)

    assert values["muscope_cells", (("state", "queued"),)] == _num_queued(server)
    assert values["muscope_database_up", ()] == 1
    assert values["muscope_broker_up", ()] == 0
    assert values["muscope_workers", ()] == 0
    assert values["muscope_viewers", ()] == 0
    assert values["muscope_events_sent_total", ()] >= 0
    assert values["muscope_disk_free_bytes", ()] > 0
    assert values["muscope_database_wal_bytes", ()] == server.runtime.context.database.log_bytes()


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_proxy_gets_none_unless_a_setting_allows_it(header, client):
    answer = client.get("/metrics", headers={header: "203.0.113.9"})

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "metrics.through_proxy"


@pytest.mark.parametrize(
    ("access", "path", "status"),
    [
        ("off", "/metrics", 404),
        ("local", "/metrics", 403),  # a proxy may have taken the path away and left no trace
        ("proxy", "/metrics", 200),
        ("local", "/tools/metrics", 403),
        ("proxy", "/tools/metrics", 200),
    ],
)
def test_a_setting_says_who_may_read_them(access, path, status, server, tmp_path):
    own = server.settings.model_copy(
        update={"data": tmp_path, "metrics": MetricsAccess(access), "public_url": "https://a.example/tools"}
    )
    with serving(own) as other:
        assert httpx.get(f"http://127.0.0.1:{other.port}{path}").status_code == status
