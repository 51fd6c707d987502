"""The statement about the model to be used in the end is told before anything is trained."""

import pytest

from muscope.backend.analysis.advice.reliability import shipped_record
from muscope.backend.analysis.advice.target import about_target
from muscope.backend.catalogue import LANGUAGES, text
from tests.backend.domain.specs import spec

WIDTHS = (8, 16, 32, 64)


@pytest.mark.parametrize(
    ("changes", "code", "facts"),
    [
        ({}, "largest", {"width": 64}),
        ({"target_width": 64}, "trained", {"width": 64}),
        ({"target_width": 16}, "trained", {"width": 16}),
        ({"target_width": 48}, "between", {"width": 48}),
        ({"target_width": 128}, "estimated", {"width": 128, "factor": 2, "limit": 8}),
        ({"target_width": 512}, "estimated", {"width": 512, "factor": 8}),
        ({"target_width": 4096}, "too_far", {"width": 4096, "factor": 64, "limit": 8}),
        ({"target_width": 128, "widths": (8, 16)}, "no_trend", {"needed": 3}),
        ({"target_width": 128, "target_depth": 4}, "no_trend", {"needed": 2}),
        ({"target_width": 128, "target_depth": 4, "depths": (2, 4)}, "estimated", {"factor": 2}),
    ],
)
def test_a_target_is_measured_estimated_or_too_far(changes, code, facts):
    found = about_target(spec(**{"widths": WIDTHS} | changes), shipped_record())

    assert found.code == code
    assert facts.items() <= found.params.items()
    for language in LANGUAGES:
        assert "{" not in text(f"target.{code}", language, **found.params)


def test_without_a_study_nothing_beyond_the_sizes_trained_is_promised():
    assert about_target(spec(widths=WIDTHS, target_width=128), None).code == "too_far"
    assert about_target(spec(widths=WIDTHS, target_width=64), None).code == "trained"
