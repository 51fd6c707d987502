"""Route of the metrics; through a proxy it is refused unless a setting says otherwise."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.accounts.access import Need
from muscope.backend.api.accounts.gate import check
from muscope.backend.api.deps import Ctx, MaybeVisitor
from muscope.backend.api.operating.metrics import Metrics
from muscope.backend.api.path_prefix import prefix_of
from muscope.backend.errors import Forbidden, NotFound
from muscope.backend.settings import MetricsAccess

# Headers by which proxies say that they pass a request on.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def get_metrics(request: Request, context: Ctx, visitor: MaybeVisitor) -> Response:
    """Answer with the metrics of this process and of the system; where there are accounts, to admins only."""
    access = context.settings.metrics
    if access is MetricsAccess.OFF:
        raise NotFound("route.not_found", path=request.url.path)
    if access is MetricsAccess.LOCAL and _is_through_proxy(request):
        raise Forbidden("metrics.through_proxy")
    check(request, Need.METRICS, visitor)
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _is_through_proxy(request: Request) -> bool:
    return bool(prefix_of(request.scope)) or any(name in request.headers for name in _FORWARDED)
