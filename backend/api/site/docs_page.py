"""The rendered API documentation: Swagger UI from an installed package, under the same policy as every page.

FastAPI's own page loads its script from a public server and has an inline script, which the policy forbids.
The package `fastapi-offline` brings the files of Swagger UI; nothing of its Python is imported. Swagger UI
(read in 5.32) sets styles through the CSSOM only, so it needs no exception from the policy; Redoc does.
"""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.site.pages import Files
from muscope.backend.resources import FRONTEND

SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css")


def install_docs(app: FastAPI, path: str) -> None:
    """Serve the documentation at `path`, and the files it loads."""
    swagger = Files(directory=_installed())
    app.add_route(
        path, partial(_file, Files(directory=FRONTEND, check_dir=False), "api.html"), include_in_schema=False
    )
    for name in SWAGGER_FILES:
        app.add_route(f"/static/{name}", partial(_file, swagger, name), include_in_schema=False)


async def _file(files: Files, name: str, request: Request) -> Response:
    return await files.get_response(name, request.scope)


def _installed() -> Path:
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package fastapi-offline is not installed")
    return Path(spec.origin).parent / "static"
