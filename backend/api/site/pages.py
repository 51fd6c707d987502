"""The pages: files of `frontend/`, plotly.js, and what a page must know to start.

Everything comes from our own origin, compressed where that is accepted. Files of ours are revalidated on each
use; the script has its hash in its name and is kept forever.
"""

from __future__ import annotations

import gzip
from functools import lru_cache, partial
from importlib.metadata import version
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from muscope.backend.api.caching import accepts_gzip, is_current
from muscope.backend.api.path_prefix import prefix_of
from muscope.backend.api.site.error_document import wants_page
from muscope.backend.catalogue import LANGUAGES
from muscope.backend.figures.plotly_bundle import PlotlyBundle
from muscope.backend.resources import FRONTEND

FOLDERS = ("css", "js", "locales", "images", "vendor")
# Addresses that the page itself makes sense of.
CLIENT_ROUTES = (
    "/",
    "/account",
    "/audit",
    "/compare",
    "/data",
    "/datasets",
    "/datasets/{rest:path}",
    "/experiments",
    "/experiments/{rest:path}",
    "/settings",
    "/sign-in",
    "/sign-in/return",
    "/users",
    "/welcome",
    "/sweeps",
    "/sweeps/{rest:path}",
    "/workers",
)
_REVALIDATE = {"Cache-Control": "no-cache"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


class Files(StaticFiles):
    """A folder whose files are revalidated on each use, and compressed once per content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_REVALIDATE | {"Vary": "Accept-Encoding"})
        if not isinstance(response, FileResponse) or not accepts_gzip(Request(scope)):
            return response
        modified = Path(response.path).stat().st_mtime_ns
        content = await to_thread.run_sync(_compressed, str(response.path), modified)
        headers = {name: response.headers[name] for name in ("cache-control", "vary", "last-modified")}
        headers |= {"ETag": f"W/{response.headers['etag']}", "Content-Encoding": "gzip"}
        return Response(content, media_type=response.media_type, headers=headers)


@lru_cache(maxsize=256)
def _compressed(path: str, _modified: int) -> bytes:
    """Compress a file; another time of modification is another content."""
    return gzip.compress(Path(path).read_bytes(), mtime=0)


def install_pages(app: FastAPI, folder: Path = FRONTEND, bundle: PlotlyBundle | None = None) -> None:
    """Serve the page and what it loads."""
    bundle = bundle or PlotlyBundle()
    routes = {
        "/static/config.json": partial(_config, bundle),
        "/static/plotly.css": partial(_stylesheet, bundle),
        "/static/plotly-{digest}.js": partial(_script, bundle),
        **dict.fromkeys(CLIENT_ROUTES, partial(_page, Files(directory=folder, check_dir=False))),
    }
    for path, endpoint in routes.items():
        app.add_route(path, endpoint, methods=["GET"], include_in_schema=False)
    for name in FOLDERS:
        if (folder / name).is_dir():
            app.mount(f"/static/{name}", Files(directory=folder / name))
    app.router.default = _unknown_address(Files(directory=folder, check_dir=False), app.router.default)


def _unknown_address(files: Files, otherwise: ASGIApp) -> ASGIApp:
    """Return the app for addresses without a route: the page, which says so to people, with status 404."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if not wants_page(scope):
            await otherwise(scope, receive, send)
            return
        response = await _page(files, Request(scope))
        response.status_code = 404
        await response(scope, receive, send)

    return answer


async def _page(files: Files, request: Request) -> Response:
    prefix = prefix_of(request.scope)
    if not prefix:
        return await files.get_response("index.html", request.scope)
    path, _ = await to_thread.run_sync(files.lookup_path, "index.html")
    page = await to_thread.run_sync(_below, path, prefix)
    return Response(page, media_type="text/html", headers=_REVALIDATE)


def _below(path: str, prefix: str) -> str:
    """Return a page whose links lead below a prefix; everything that its scripts load is found from there."""
    page = Path(path).read_text(encoding="utf-8")
    return page.replace('href="/', f'href="{prefix}/').replace('src="/', f'src="{prefix}/')


async def _config(bundle: PlotlyBundle, _request: Request) -> Response:
    """Answer what a page must know before it can load anything else."""
    digest, marks = await to_thread.run_sync(lambda: (bundle.digest, bundle.marks))
    config = {
        "plotly": f"/static/plotly-{digest}.js",
        "plotly_marks": list(marks),
        "version": version("muscope"),
        "languages": list(LANGUAGES),
    }
    return JSONResponse(config, headers=_REVALIDATE)


async def _stylesheet(bundle: PlotlyBundle, request: Request) -> Response:
    rules, digest = await to_thread.run_sync(lambda: (bundle.stylesheet, bundle.digest))
    headers = _REVALIDATE | {"ETag": f'"{digest}"'}
    if is_current(request, digest):
        return Response(status_code=304, headers=headers)
    return Response(rules, media_type="text/css", headers=headers)


async def _script(bundle: PlotlyBundle, request: Request) -> Response:
    digest = await to_thread.run_sync(lambda: bundle.digest)
    if request.path_params["digest"] != digest:
        raise HTTPException(404)
    headers = _FOREVER | {"ETag": f'W/"{digest}"', "Vary": "Accept-Encoding"}
    if is_current(request, digest):
        return Response(status_code=304, headers=headers)
    if not accepts_gzip(request):
        return Response(bundle.script, media_type="text/javascript", headers=headers)
    content = await to_thread.run_sync(lambda: bundle.compressed)
    return Response(content, media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"})
