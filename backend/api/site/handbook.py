"""The documentation at `/docs`: files of the site that `muscope.backend.handbook` builds."""

from __future__ import annotations

import posixpath
from functools import partial
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from muscope.backend.api.errors import language_of
from muscope.backend.api.site.pages import Files
from muscope.backend.catalogue import LANGUAGES
from muscope.backend.handbook.cache import built_site

PATH = "/docs"
MISSING = "missing"
# Addresses without a language lead to the reader's own.
SHORT = {"": "index.html", "api": "api.html", "glossary": "glossary.html"}


def install_handbook(app: FastAPI, cache_folder: Path) -> None:
    """Serve the documentation; it is built into `cache_folder` when somebody opens it first."""
    app.add_route(PATH, _to_language, methods=["GET"], include_in_schema=False)
    app.add_route(
        f"{PATH}/{{path:path}}", partial(_file, cache_folder), methods=["GET"], include_in_schema=False
    )


async def _to_language(request: Request) -> Response:
    """Lead to a page in the language that the browser asks for."""
    name = SHORT[request.path_params.get("path", "").strip("/")]
    reply = _lead(request, f"{language_of(request.scope)}/{name}")
    reply.headers["Vary"] = "Accept-Language"
    return reply


async def _file(cache_folder: Path, request: Request) -> Response:
    path = request.path_params["path"].strip("/")
    if path in SHORT:
        return await _to_language(request)
    if path in LANGUAGES:
        return _lead(request, f"{path}/index.html")
    files = Files(directory=await to_thread.run_sync(built_site, cache_folder))
    try:
        return await files.get_response(path, request.scope)
    except HTTPException as error:
        if error.status_code != 404:
            raise
    return await _missing(files, path, request)


async def _missing(files: Files, path: str, request: Request) -> Response:
    """Answer 404 with a page; its links are relative, so addresses of another depth are led to it first."""
    first, *rest = path.split("/")
    if ".." in rest or first == "..":
        raise HTTPException(404)  # a relative address would lead back to it
    language = first if first in LANGUAGES else language_of(request.scope)
    if language != first or len(rest) != 1:
        return _lead(request, f"{language}/{MISSING}")
    page = await files.get_response(f"{language}/{MISSING}.html", request.scope)
    page.status_code = 404
    return page


def _lead(request: Request, page: str) -> Response:
    """Redirect to a page by a relative address, which also holds below a prefix that a proxy takes away."""
    here = posixpath.dirname(request.url.path)
    return RedirectResponse(posixpath.relpath(f"{PATH}/{page}", here), status_code=307)
