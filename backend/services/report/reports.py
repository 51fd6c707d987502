"""The report of an experiment as a file: HTML or PDF, one build per content."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from pydantic import Field

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.report.contents import contents
from muscope.backend.report.render import render
from muscope.backend.report.words.say import Words
from muscope.backend.services.context import Context
from muscope.backend.services.report.material import gather
from muscope.backend.services.report.printing import to_pdf
from muscope.backend.services.verdicts.savings import SavingsRequest

# Part of every ETag: to be raised when the same material gives another report.
APPEARANCE_VERSION = 1
# Characters of a file's name: what every file system takes.
NAME_LENGTH = 80


class ReportFormat(StrEnum):
    """Format of the file."""

    HTML = "html"
    PDF = "pdf"


class ReportRequest(SavingsRequest):
    """Choices of a report: the reader's zone, and the assumptions of its savings."""

    format: ReportFormat = Field(default=ReportFormat.HTML, description="One HTML file, or a PDF of it.")
    language: str | None = Field(
        default=None,
        pattern=f"^({'|'.join(LANGUAGES)})$",
        description="`en` or `ja`; as Accept-Language asks when left out.",
        examples=["ja"],
    )
    utc_offset_minutes: int = Field(
        default=0, ge=-14 * 60, le=14 * 60, description="Minutes of the reader's zone ahead of UTC."
    )


class ReportView(NamedTuple):
    """A report as a file, with its ETag and the policy under which it is served."""

    content: bytes
    etag: str
    policy: str
    file_name: str


def make_report(
    context: Context,
    owner_id: str,
    experiment_id: UUID,
    language: str,
    request: ReportRequest,
    *,
    known: frozenset[str] = frozenset(),
) -> ReportView:
    """Return an experiment's report; one whose ETag is `known` comes without content.

    Raises NotFound, Unavailable.
    """
    language = request.language or language
    assumed = SavingsRequest(**request.model_dump(include=set(SavingsRequest.model_fields)))
    material = gather(context, owner_id, experiment_id, language, assumed)
    words = Words(language, request.utc_offset_minutes, of_rank=material.spec.model.has_ranks)
    rendered = render(contents(material, words), words)
    mark = f"{APPEARANCE_VERSION}/{request.format}/{rendered.html}"
    etag = hashlib.sha256(mark.encode()).hexdigest()[:32]
    name = f"{file_name(material.name)}-report-{language}.{request.format}"
    if etag in known:
        return ReportView(b"", etag, rendered.policy, name)
    if request.format is ReportFormat.HTML:
        return ReportView(rendered.html.encode(), etag, rendered.policy, name)
    pdf = context.caches.reports.get(etag, lambda: to_pdf(rendered.html))
    return ReportView(pdf, etag, rendered.policy, name)


def file_name(name: str) -> str:
    """Return a name as every file system takes it: no separators, controls or marks of direction."""
    plain = "".join(each if each.isprintable() else " " for each in name)
    plain = re.sub(r'[\\/:*?"<>|%]+', "_", plain).strip(" .")
    return plain[:NAME_LENGTH].strip(" .") or "muscope"
