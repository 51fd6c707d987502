"""The web application; the process that serves it begins in `operating/web_process.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware

from muscope.backend.api.accounts.gate import API_PREFIX, require_permission
from muscope.backend.api.deps import MAX_READERS, Runtime
from muscope.backend.api.errors import install_handlers
from muscope.backend.api.live.hub import Hub
from muscope.backend.api.live.shutdown import on_stop_signal
from muscope.backend.api.middleware import BodyLimit, HostCheck, LastResort, SecurityHeaders
from muscope.backend.api.operating import route as metrics_route
from muscope.backend.api.operating.metrics import CountRequests, Metrics
from muscope.backend.api.operating.request_ids import RequestIds
from muscope.backend.api.parameters import refuse_unknown_parameters
from muscope.backend.api.path_prefix import PathPrefix
from muscope.backend.api.routes import (
    compare,
    datasets,
    examples,
    experiments,
    health,
    models,
    options,
    plans,
    problems,
    recipes,
    sweeps,
    tags,
    uploads,
    workers,
)
from muscope.backend.api.routes.accounts import account, audit, provider, session, users
from muscope.backend.api.routes.experiment import (
    adoption,
    archives,
    cells,
    figures,
    points,
    progress,
    reports,
    runs,
    savings,
    verdicts,
)
from muscope.backend.api.routes.sweep import files as sweep_files
from muscope.backend.api.routes.sweep import stored as stored_sweeps
from muscope.backend.api.site.description import install_description
from muscope.backend.api.site.docs_page import install_docs
from muscope.backend.api.site.handbook import install_handbook
from muscope.backend.api.site.pages import install_pages
from muscope.backend.logs import set_up_logging
from muscope.backend.services.accounts.provider.client import open_provider
from muscope.backend.services.context import open_context
from muscope.backend.settings import Settings, get_settings

# Bodies that count for themselves; a path that ends in a slash stands for all below it.
UPLOADING = frozenset(
    {
        ("POST", f"{API_PREFIX}/datasets"),
        ("POST", f"{API_PREFIX}/experiments/import"),
        ("POST", f"{API_PREFIX}/sweeps"),
        ("PATCH", f"{API_PREFIX}/uploads/"),
    }
)
# Each sync endpoint holds one connection at most: pool 5 + overflow 10 (backend/db/connection/session.py).
MAX_THREADS = 15
DESCRIPTION = (
    "Trains a small, controlled experiment across model sizes and answers whether the learning rate tuned on "
    "a small model may be used unchanged on a large one. Errors are problem documents (RFC 9457, "
    "`ErrorReply`); sentences come in English or Japanese, as Accept-Language asks."
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application; nothing is opened before it starts to serve."""
    settings = settings or get_settings()
    metrics = Metrics()
    app = FastAPI(
        title="µScope",
        version="1",
        description=DESCRIPTION,
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=None,  # their scripts come from elsewhere; `docs_page` serves our own
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(settings, metrics),
        servers=[{"url": settings.path_prefix}] if settings.path_prefix else None,
        generate_unique_id_function=lambda route: route.name,
        middleware=_middleware(settings, metrics),
    )
    app.state.metrics = metrics
    install_description(app)
    install_handlers(app)
    app.include_router(health.router)
    app.include_router(metrics_route.router)
    app.include_router(_api())
    install_pages(app)
    install_docs(app, f"{API_PREFIX}/docs")
    install_handbook(app, settings.cache_folder)
    return app


def _middleware(settings: Settings, metrics: Metrics) -> list[Middleware]:
    return [
        Middleware(RequestIds),
        Middleware(SecurityHeaders, is_by_tls=(settings.public_url or "").startswith("https:")),
        Middleware(PathPrefix, prefix=settings.path_prefix),
        Middleware(CountRequests, metrics=metrics, below=API_PREFIX),
        Middleware(HostCheck, allowed_hosts=settings.allowed_hosts, public_url=settings.public_url),
        Middleware(LastResort),
        Middleware(BodyLimit, unlimited=UPLOADING),
    ]


def _api() -> APIRouter:
    """Gather every route behind the gate: access is decided once, there."""
    checks = [Depends(require_permission), Depends(refuse_unknown_parameters)]
    api = APIRouter(prefix=API_PREFIX, dependencies=checks)
    for module in (
        datasets,
        uploads,
        examples,
        recipes,
        archives,
        adoption,
        experiments,
        compare,
        models,
        options,
        plans,
        points,
        problems,
        progress,
        reports,
        runs,
        savings,
        sweeps,
        stored_sweeps,
        sweep_files,
        tags,
        verdicts,
        figures,
        cells,
        workers,
        session,
        provider,
        account,
        users,
        audit,
    ):
        api.include_router(module.router)
    return api


def _lifespan(settings: Settings, metrics: Metrics) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        set_up_logging(settings)
        to_thread.current_default_thread_limiter().total_tokens = MAX_THREADS
        with open_context(settings) as context:
            hub = Hub(context, count=metrics.events.inc)
            metrics.watch(context, lambda: hub.num_viewers)
            app.state.runtime = Runtime(
                context, hub, CapacityLimiter(MAX_READERS), provider=open_provider(settings)
            )
            hub.open()
            try:
                with on_stop_signal(hub.end_streams):
                    yield
            finally:
                await hub.close()

    return lifespan
