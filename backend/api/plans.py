"""A plan that only proves unreadable as a whole is reported like any other unreadable field."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from backend.domain.experiment import ExperimentSpec


@contextmanager
def reporting_unreadable_plans() -> Iterator[None]:
    """Blame the request for what the spec made of it refuses; any other model's refusal is our own fault."""
    try:
        yield
    except ValidationError as error:
        if error.title != ExperimentSpec.__name__:
            raise
        findings = [{**finding, "loc": ("body", *finding["loc"])} for finding in error.errors()]
        raise RequestValidationError(findings) from error
