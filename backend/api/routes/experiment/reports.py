"""Reports: one file for the meeting, in HTML or PDF."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.caching import known_etags
from muscope.backend.api.deps import Ctx, ExperimentId, IfNoneMatch, Language, Owner
from muscope.backend.api.documented import Responses, errors
from muscope.backend.services.report.reports import ReportFormat, ReportRequest, ReportView, make_report

router = APIRouter(prefix="/experiments", tags=["reports"])

MEDIA = {ReportFormat.HTML: "text/html; charset=utf-8", ReportFormat.PDF: "application/pdf"}
_REPORT: Responses = {
    200: {
        "description": "The report as one file.",
        "content": {
            "text/html": {"schema": {"type": "string"}},
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    304: {"description": "Nothing has changed since the state that If-None-Match names."},
}


@router.get(
    "/{experiment_id}/report",
    summary="Get the report of an experiment",
    response_class=Response,
    responses=_REPORT | errors(404),
)
def get_report(
    request: Request,
    context: Ctx,
    owner: Owner,
    language: Language,
    experiment_id: ExperimentId,
    wish: Annotated[ReportRequest, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return one self-contained file: page 1 is a sheet for approval, the rest its evidence.

    It opens offline, holds no script and asks for nothing. While the experiment runs it is an interim report
    and says so. Hourly rates and the other assumptions of its savings are those of `…/savings`.
    """
    del if_none_match  # read from the request, where several may stand
    view = make_report(context, owner, experiment_id, language, wish, known=known_etags(request))
    headers = _headers(view, wish.language or language)
    if view.etag in known_etags(request):
        return Response(status_code=304, headers=headers)
    return Response(view.content, media_type=MEDIA[wish.format], headers=headers)


def _headers(view: ReportView, language: str) -> dict[str, str]:
    """Return the headers; `sandbox` beside the report's own policy, so that it is no page of ours."""
    plain = view.file_name.encode("ascii", "replace").decode().replace("?", "_")
    return {
        "ETag": f'"{view.etag}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Language",
        "Content-Language": language,
        "Content-Disposition": f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(view.file_name)}",
        "Content-Security-Policy": f"{view.policy}; frame-ancestors 'none'; sandbox",
    }
