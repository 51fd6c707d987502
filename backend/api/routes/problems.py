"""Kinds of problems, at the addresses that the `type` of an error names (RFC 9457)."""

from __future__ import annotations

from string import Formatter
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.deps import Language
from muscope.backend.api.documented import errors
from muscope.backend.api.errors import problem_type
from muscope.backend.api.pages_of_lists import Page, list_responses
from muscope.backend.api.schemas import ProblemView
from muscope.backend.catalogue import catalogue
from muscope.backend.errors import NotFound

router = APIRouter(prefix="/problems", tags=["system"])

_PREFIX = "error."
Code = Annotated[str, Path(max_length=100, description="Code of an error.", examples=["validation"])]


@router.get(
    "",
    summary="List the kinds of problems",
    response_class=Response,
    responses=list_responses(ProblemView) | errors(),
)
def list_problems(
    request: Request,
    language: Language,
    page: Page,
) -> Response:
    """List every code that an error may have, with its sentence in the preferred language."""
    codes = sorted(key.removeprefix(_PREFIX) for key in catalogue(language) if key.startswith(_PREFIX))
    return page.of([_view(request, code, language) for code in codes])


@router.get("/{code}", summary="Describe a kind of problem", responses=errors(404))
def get_problem(request: Request, language: Language, code: Code) -> ProblemView:
    """Describe the errors with a code: the sentence and the facts in it."""
    if f"{_PREFIX}{code}" not in catalogue(language):
        raise NotFound("problem.not_found", given=code)
    return _view(request, code, language)


def _view(request: Request, code: str, language: str) -> ProblemView:
    sentence = catalogue(language)[f"{_PREFIX}{code}"]
    params = {name for _, name, _, _ in Formatter().parse(sentence) if name}
    return ProblemView(
        type=problem_type(request.scope, code), code=code, sentence=sentence, params=tuple(sorted(params))
    )
