"""Every failure has one JSON shape, in two languages."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from muscope.backend import catalogue
from muscope.backend.services import workers as worker_service
from muscope.backend.settings import Settings
from muscope.backend.storage import disk
from tests.backend.api.conftest import CSV, Server, serving

ROOT = Path(__file__).resolve().parents[3]
UNKNOWN = str(uuid.UUID(int=7))
EXPERIMENTS = "/api/v1/experiments"
JSON = {"Content-Type": "application/json"}


def shape_of(reply: httpx.Response) -> dict[str, Any]:
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    error = problem.pop("error")
    assert set(error) - {"errors"} == {"code", "message", "params"}
    assert error["message"] not in {"", error["code"]}
    assert problem == {
        "type": f"/api/v1/problems/{error['code']}",
        "title": problem["title"],
        "status": reply.status_code,
        "detail": error["message"],
        "request_id": reply.headers["x-request-id"],
    }
    assert problem["title"]
    return {key: error[key] for key in ("code", "params")}


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "error"),
    [
        ("GET", "/nothing", {}, 404, ("route.not_found", {"method": "GET", "path": "/nothing"})),
        ("GET", "/healthz/", {}, 404, ("route.not_found", {"method": "GET", "path": "/healthz/"})),
        ("PUT", "/healthz", {}, 405, ("method.not_allowed", {"method": "PUT", "path": "/healthz"})),
        ("GET", f"/api/v1/datasets/{UNKNOWN}", {}, 404, ("dataset.not_found", {"id": UNKNOWN})),
        ("GET", "/api/v1/datasets/7", {}, 422, ("validation", {"field": "dataset_id", "count": 1})),
        ("GET", "/healthz", {"headers": {"Host": "evil"}}, 400, ("host.not_allowed", {"given": "evil"})),
        ("POST", EXPERIMENTS, {"headers": {"Sec-Fetch-Site": "cross-site"}}, 403,
         ("request.cross_site_unnamed", {"site": "cross-site"})),
        (
            "POST", EXPERIMENTS, {"content": b"{", "headers": JSON},
            422, ("validation", {"field": "body", "count": 1}),
        ),
        ("POST", EXPERIMENTS, {}, 422, ("validation", {"field": "body", "count": 1})),
        ("POST", EXPERIMENTS, {"json": []}, 422, ("validation", {"field": "body", "count": 1})),
        (
            "POST", EXPERIMENTS, {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
            422, ("validation", {"field": "body", "count": 1}),
        ),
        (
            "POST", EXPERIMENTS, {"content": b"9" * 5000, "headers": JSON},
            400, ("body.unreadable", {}),
        ),
        (
            "POST", EXPERIMENTS, {"content": b" " * (2**21 + 1), "headers": JSON},
            413, ("body.too_large", {"limit_bytes": 2**21}),
        ),
        (
            "POST", EXPERIMENTS, {"content": iter([b" " * 2**20] * 3), "headers": JSON},
            413, ("body.too_large", {"limit_bytes": 2**21}),
        ),
        ("POST", EXPERIMENTS, {"json": {"dataset_id": UNKNOWN}}, 404, ("dataset.not_found", {"id": UNKNOWN})),
        (
            "POST", "/api/v1/examples/iris/dataset", {},
            404, ("example.not_found", {"name": "iris", "names": "digits, friedman, shapes, python_source"}),
        ),
        ("POST", "/api/v1/datasets?name=x", {"headers": CSV}, 400, ("dataset.empty_file", {})),
        ("GET", "/readyz", {}, 503, ("system.not_ready", {"missing": "broker"})),
    ],
)  # fmt: skip
def test_every_failure_has_the_one_shape(
    client: httpx.Client,
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
    error: tuple[str, dict[str, Any]],
):
    reply = client.request(method, path, **options)

    assert reply.status_code == status, reply.text
    assert shape_of(reply) == {"code": error[0], "params": error[1]}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_browser_that_uses_another_name_reads_a_page_that_says_what_to_do(
    client: httpx.Client, language: str
):
    headers = {"Host": "<b>evil", "Accept": "text/html", "Accept-Language": language}

    reply = client.get("/experiments", headers=headers)

    assert (reply.status_code, reply.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert f'<html lang="{language}">' in reply.text
    assert "MUSCOPE_ALLOWED_HOSTS" in reply.text
    assert "&lt;b&gt;evil" in reply.text
    assert "<b>" not in reply.text
    assert reply.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_unexpected_is_answered_without_its_cause(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(*_: object, **_wishes: object) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(worker_service, "list_workers", fail)

    reply = client.get("/api/v1/workers")

    assert (reply.status_code, shape_of(reply)) == (500, {"code": "internal", "params": {}})
    assert "swordfish" not in reply.text
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "swordfish" in caplog.text


def test_an_outage_says_so_without_details(tmp_path: Path):
    with serving(Settings(data=tmp_path, broker_url=f"unix://{tmp_path}/none.sock")) as server:
        server.runtime.context.database.close()
        (tmp_path / "muscope.db").unlink()
        (tmp_path / "muscope.db").mkdir()
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
            reply = client.get("/api/v1/datasets")
            ready = client.get("/readyz")

    assert (reply.status_code, shape_of(reply)) == (503, {"code": "database.unavailable", "params": {}})
    assert reply.headers["retry-after"] == "5"
    assert ready.json()["error"]["params"] == {"missing": "database, broker"}


def test_a_disk_without_room_is_named_by_the_probe_in_both_languages(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(disk, "free_bytes", lambda _folder: 3 << 20)

    replies = [client.get("/readyz", headers={"Accept-Language": language}) for language in ("en", "ja")]

    assert [reply.status_code for reply in replies] == [503, 503]
    english, japanese = (reply.json()["error"]["message"] for reply in replies)
    assert english.startswith("Only 3.0 MiB are free on the disk")
    assert "空き容量が 3.0 MiB しかありません" in japanese


def test_a_database_file_that_vanished_is_named_by_every_route(tmp_path: Path):
    settings = Settings(data=tmp_path, broker_url=f"unix://{tmp_path}/none.sock")
    path = tmp_path / "muscope.db"
    away = path.with_suffix(".away")
    with serving(settings) as server, httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        assert client.get("/api/v1/datasets").status_code == 200
        path.rename(away)
        replies = [client.get(where) for where in ("/readyz", "/api/v1/datasets", "/api/v1/experiments")]
        away.rename(path)
        assert client.get("/api/v1/datasets").status_code == 200

    assert [(reply.status_code, reply.json()["error"]["code"]) for reply in replies] == [
        (503, "database.gone")
    ] * 3


@pytest.mark.parametrize(
    ("header", "start"), [("ja", "ID "), ("en-GB,ja;q=0.5", "There is no"), ("xx", "There")]
)
def test_messages_come_in_the_preferred_language(client: httpx.Client, header: str, start: str):
    reply = client.get(f"/api/v1/datasets/{UNKNOWN}", headers={"Accept-Language": header})

    assert reply.json()["error"]["message"].startswith(start)


def test_every_code_raised_has_a_sentence_in_both_languages():
    raised = re.compile(
        r"\b(?:InvalidInput|Forbidden|NotFound|Conflict|TooLarge|UnsupportedMedia|Malformed|Unavailable|StorageFull)"
        r'\(\s*"([a-z_.]+)"'
    )
    files = [
        path
        for name in ("domain", "services", "db", "api", "ingest", "storage")
        for path in (ROOT / "backend" / name).rglob("*.py")
    ]
    codes = {code for path in files for code in raised.findall(path.read_text("utf-8"))}

    assert len(codes) > 20
    for language in catalogue.LANGUAGES:
        assert {f"error.{code}" for code in codes} <= set(catalogue.catalogue(language))


def test_probes_answer(client: httpx.Client, server: Server):
    assert client.get("/healthz").json() == {"status": "ok", "notes": []}
    assert (
        server.runtime.context.bell.num_waiting() is None
    )  # there is no broker, and nothing above needed one
