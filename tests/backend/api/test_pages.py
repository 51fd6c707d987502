"""The page and what it loads: our origin only, a strict policy, nothing stale, nothing fetched twice."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
import pytest
from fastapi import FastAPI

from muscope.backend.api.errors import install_handlers
from muscope.backend.api.middleware import CONTENT_SECURITY_POLICY
from muscope.backend.api.site.pages import FOLDERS, install_pages
from muscope.backend.figures.plotly_bundle import SCRIPT, PlotlyBundle
from muscope.backend.resources import FRONTEND

BUNDLE = PlotlyBundle()
CLIENT_ROUTES = (
    "/",
    "/data",
    "/datasets",
    "/datasets/3f0c",
    "/experiments",
    "/experiments/3f0c/curves",
    "/settings",
    "/workers",
)
# Addresses that are names, not places to fetch from.
NAMESPACES = re.compile(r"https?://(www\.w3\.org/|127\.0\.0\.1|localhost)")


@dataclass(frozen=True)
class Pages:
    """An application that is asked without a server."""

    app: FastAPI

    def get(self, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, path, headers=headers)

        return anyio.run(ask)


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    """An application with a page of its own."""
    for name, content in {
        "index.html": "<!doctype html>page",
        "js/app.js": "1",
        "css/app.css": "a{}",
        "package.json": "{}",
        "node_modules/tool/index.js": "1",
        "types/api.d.ts": "1",
    }.items():
        path = tmp_path / "frontend" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "secret").write_text("secret")
    app = FastAPI()
    install_handlers(app)
    install_pages(app, tmp_path / "frontend", BUNDLE)
    return Pages(app)


@pytest.mark.parametrize("path", CLIENT_ROUTES)
def test_every_address_of_the_page_is_the_page(pages: Pages, path: str):
    reply = pages.get(path)

    assert (reply.status_code, reply.text) == (200, "<!doctype html>page")
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["cache-control"] == "no-cache"
    assert pages.get(path, headers={"If-None-Match": reply.headers["etag"]}).status_code == 304
    assert pages.get(path, method="HEAD").status_code == 200


def test_an_unknown_address_is_the_page_for_a_browser_and_a_problem_for_a_program(pages: Pages):
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    page = pages.get("/nowhere", headers=browser)
    assert (page.status_code, page.text) == (404, "<!doctype html>page")
    for path, headers in (("/nowhere", {}), ("/api/v1/nowhere", browser), ("/static/nowhere", browser)):
        reply = pages.get(path, headers=headers)
        assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/", "/static/js/app.js"])
def test_files_are_compressed_for_who_can_read_it(pages: Pages, path: str):
    plain = pages.get(path, headers={"Accept-Encoding": "identity"})
    packed = pages.get(path, headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    for name in ("content-type", "cache-control", "last-modified"):
        assert packed.headers[name] == plain.headers[name]
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    known = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["etag"]}
    assert pages.get(path, headers=known).status_code == 304


def test_a_changed_file_is_compressed_anew(pages: Pages, tmp_path: Path):
    packed = {"Accept-Encoding": "gzip"}
    path = tmp_path / "frontend/js/app.js"
    before = pages.get("/static/js/app.js", headers=packed)
    path.write_text("2")
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 10**9))

    after = pages.get("/static/js/app.js", headers=packed)

    assert (before.text, after.text) == ("1", "2")


@pytest.mark.parametrize(
    ("path", "kind"), [("/static/js/app.js", "javascript"), ("/static/css/app.css", "text/css")]
)
def test_files_are_revalidated_and_have_their_type(pages: Pages, path: str, kind: str):
    reply = pages.get(path)

    assert reply.status_code == 200
    assert kind in reply.headers["content-type"]
    assert reply.headers["cache-control"] == "no-cache"
    assert pages.get(path, headers={"If-None-Match": reply.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/static/js/none.js",
        "/static/js/%2e%2e/%2e%2e/secret",
        "/static/js/..%2f..%2fsecret",
        "/static/index.html",
        "/static/package.json",
        "/static/node_modules/tool/index.js",
        "/static/types/api.d.ts",
    ],
)
def test_nothing_else_is_served(pages: Pages, path: str):
    assert pages.get(path).status_code == 404


def test_the_script_is_named_by_its_content_and_kept_forever(pages: Pages):
    config = pages.get("/static/config.json").json()

    packed = pages.get(config["plotly"])
    plain = pages.get(config["plotly"], headers={"Accept-Encoding": "identity"})

    digest = hashlib.sha256(plain.content).hexdigest()
    assert config["plotly"] == f"/static/plotly-{digest[:16]}.js"
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == BUNDLE.script
    assert "immutable" in packed.headers["cache-control"]
    assert pages.get("/static/plotly-0000.js").status_code == 404
    again = pages.get(config["plotly"], headers={"If-None-Match": packed.headers["etag"]})
    assert again.status_code == 304


def test_the_page_learns_what_it_must_know(pages: Pages):
    reply = pages.get("/static/config.json")

    assert reply.json() == {
        "plotly": f"/static/plotly-{BUNDLE.digest}.js",
        "plotly_marks": list(BUNDLE.marks),
        "version": "0.1.0",
        "languages": ["en", "ja"],
    }
    assert reply.headers["cache-control"] == "no-cache"


def test_the_rules_of_plotly_are_a_stylesheet(pages: Pages):
    reply = pages.get("/static/plotly.css")

    assert reply.headers["content-type"].startswith("text/css")
    assert ".js-plotly-plot .plotly .main-svg {" in reply.text
    again = pages.get("/static/plotly.css", headers={"If-None-Match": reply.headers["etag"]})
    assert again.status_code == 304


def test_vendored_scripts_are_those_that_were_published():
    folder = FRONTEND / "vendor"
    listed = re.findall(
        r"^\| `(\S+\.js)` \|.*`([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.MULTILINE
    )

    assert {name for name, _ in listed} == {path.name for path in folder.glob("*.js")}
    for name, sha256 in listed:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
    used = (FRONTEND / "js" / "upload" / "tus_library.js").read_text(encoding="utf-8")
    assert f'"/static/vendor/{listed[0][0]}"' in used


@pytest.mark.skipif(not (FRONTEND / "index.html").exists(), reason="the page does not exist yet")
@pytest.mark.parametrize("path", ["/", "/experiments/3f0c"])
def test_the_page_is_under_the_strict_policy(client: httpx.Client, path: str):
    reply = client.get(path)

    assert reply.status_code == 200
    assert reply.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "'unsafe" not in CONTENT_SECURITY_POLICY
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"\son\w+=|<style|\sstyle=|<script(?![^>]*\ssrc=)", reply.text)


def served_texts() -> list[Path]:
    """The pages and what is served beside them; the tools that check them are not.

    plotly.js names addresses of its maker for functions that the page turns off, as its copy in the package
    does; that no request of it leaves the origin is seen in the browser (`Visit.check`).
    """
    return [
        *sorted(FRONTEND.glob("*.html")),
        *sorted(
            path
            for name in FOLDERS
            for kind in ("*.css", "*.js", "*.svg")
            for path in (FRONTEND / name).rglob(kind)
            if path != SCRIPT
        ),
    ]


@pytest.mark.parametrize("path", served_texts(), ids=lambda path: path.relative_to(FRONTEND).as_posix())
def test_no_file_names_another_origin(path: Path):
    found = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s\"')]*", path.read_text(encoding="utf-8"))

    assert [address for address in found if not NAMESPACES.match(address)] == []


def test_the_stylesheet_of_plotly_names_no_origin():
    assert not re.search(r"https?://|url\(", BUNDLE.stylesheet)
