"""Reports errors found when the whole spec is validated as 422 on the request body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from muscope.backend.domain.spec.experiment import ExperimentSpec


@contextmanager
def reporting_unreadable_plans() -> Iterator[None]:
    """Turn a ValidationError of the spec into a RequestValidationError; that of any other model is a bug."""
    try:
        yield
    except ValidationError as error:
        if error.title != ExperimentSpec.__name__:
            raise
        raise RequestValidationError([_of_request(finding) for finding in error.errors()]) from error


def _of_request(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Say it in the request's terms: what the spec refuses as a whole is the choice of its arms."""
    if finding["loc"]:
        return {**finding, "loc": ("body", *finding["loc"])}
    names = ", ".join(arm.parametrization for arm in finding["input"]["arms"])
    return {**finding, "loc": ("body", "arms"), "input": names}
