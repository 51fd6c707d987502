"""Ends of a process that ran a file of the operator's: whose fault they are, in one error."""

from __future__ import annotations

import signal

import pytest

from muscope.backend.catalogue import error_text
from muscope.backend.domain.lifecycle import FailureClass
from muscope.backend.errors import from_stored
from muscope.worker.messages import DEVICE_LOST
from muscope.worker.node.own_model import OwnModel

OWN = OwnModel("resnet", "ab" * 32, 64, 2)


@pytest.mark.parametrize(("exit_code", "how"), [(0, "exit 0"), (3, "exit 3"), (-signal.SIGSEGV, "SIGSEGV")])
def test_an_end_by_the_file_is_an_error_of_the_model_with_its_size(exit_code: int, how: str) -> None:
    failure = OWN.after_end(exit_code)

    assert failure is not None
    assert failure[0] is FailureClass.MODEL
    error = from_stored(failure[1])
    assert error is not None
    for language in ("en", "ja"):
        words = error_text(error, language)
        assert all(part in words for part in ("resnet", "64", "2", how, "os._exit"))


@pytest.mark.parametrize("exit_code", [None, DEVICE_LOST, -signal.SIGKILL, -signal.SIGTERM])
def test_an_end_from_outside_is_not_blamed_on_the_file(exit_code: int | None) -> None:
    assert OWN.after_end(exit_code) is None
