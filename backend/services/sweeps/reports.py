"""The report of a stored sweep as a file: HTML or PDF."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import version
from uuid import UUID

from pydantic import Field

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.figures.sweep.names import SweepFigure
from muscope.backend.report.material import DrawnFigure
from muscope.backend.report.render import render
from muscope.backend.report.sweep.material import SweepMaterial
from muscope.backend.report.sweep.sections import sweep_contents
from muscope.backend.report.words.say import Words
from muscope.backend.services.context import Context
from muscope.backend.services.report.printing import to_pdf
from muscope.backend.services.report.reports import ReportFormat, ReportView, file_name
from muscope.backend.services.sweeps.drawing import SweepWish, figure_of_reading
from muscope.backend.services.sweeps.store import answer_of, get_sweep
from muscope.backend.services.sweeps.views import SweepView

# Of the arm that decides; the page shows the others.
MOST_AXES = 3


class SweepReportRequest(Frozen):
    """Choices of a report."""

    format: ReportFormat = Field(default=ReportFormat.HTML, description="One HTML file, or a PDF of it.")
    language: str | None = Field(
        default=None,
        pattern=f"^({'|'.join(LANGUAGES)})$",
        description="`en` or `ja`; as Accept-Language asks when left out.",
    )
    utc_offset_minutes: int = Field(
        default=0, ge=-14 * 60, le=14 * 60, description="Minutes of the reader's zone ahead of UTC."
    )


def make_sweep_report(
    context: Context, owner_id: str, sweep_id: UUID, language: str, request: SweepReportRequest
) -> ReportView:
    """Return a sweep's report; raises NotFound, Conflict while its columns are not clear, Unavailable."""
    language = request.language or language
    sweep = get_sweep(context, owner_id, sweep_id)
    words = Words(language, request.utc_offset_minutes)
    rendered = render(sweep_contents(_material(sweep, language), words), words)
    etag = hashlib.sha256(f"sweep/{request.format}/{rendered.html}".encode()).hexdigest()[:32]
    name = f"{file_name(sweep.name)}-report-{language}.{request.format}"
    if request.format is ReportFormat.HTML:
        return ReportView(rendered.html.encode(), etag, rendered.policy, name)
    pdf = context.caches.reports.get(etag, lambda: to_pdf(rendered.html))
    return ReportView(pdf, etag, rendered.policy, name)


def _material(sweep: SweepView, language: str) -> SweepMaterial:
    return SweepMaterial(
        name=sweep.name,
        created_at=sweep.created_at,
        source_sha256=sweep.source_sha256,
        answer=answer_of(sweep),
        columns=sweep.reading.columns,
        figures=tuple(_figures(sweep, language)),
        version=version("muscope"),
    )


def _figures(sweep: SweepView, language: str) -> Iterator[DrawnFigure]:
    judged = answer_of(sweep).judged_arm
    places = [place for place, axis in enumerate(sweep.reading.axes) if axis.arm == judged]
    for place in places[:MOST_AXES]:
        for name in SweepFigure:
            wish = SweepWish(name, language, place)
            content = json.loads(figure_of_reading(sweep.reading, wish))
            meta = content["meta"]
            yield DrawnFigure(
                name=f"{name}-{place}",
                title=meta["title"],
                description=meta["description"],
                content=content["figure"],
            )
