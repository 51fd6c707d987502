"""One rule for the names that users give."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from muscope.backend.services.experiments.labels import LabelsRequest
from muscope.backend.services.names import MOST_OF_A_NAME, Name
from muscope.backend.services.plans.draft import ExperimentRequest
from muscope.backend.services.sweeps.views import SweepChange

NAMES = TypeAdapter[str](Name)


def test_blanks_around_a_name_are_left_out():
    assert NAMES.validate_python("  第九工程 ") == "第九工程"


@pytest.mark.parametrize("given", ["", "   ", "two\nlines", "nul\x00", "a" * (MOST_OF_A_NAME + 1)])
def test_a_name_is_one_line_that_is_not_empty(given):
    with pytest.raises(ValidationError):
        NAMES.validate_python(given)


@pytest.mark.parametrize("request_type", [LabelsRequest, ExperimentRequest, SweepChange])
def test_whatever_is_named_is_named_by_this_rule(request_type):
    assert request_type.model_fields["name"].annotation == Name | None
