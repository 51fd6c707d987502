import errno

import pytest
import torch

from backend.domain.lifecycle import FailureClass
from backend.errors import Unavailable
from worker.child import classify


def _failed_allocation():
    try:
        torch.empty(1 << 60)
    except RuntimeError as error:
        return error
    raise AssertionError("an exbibyte was allocated")


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (MemoryError(), FailureClass.OOM),
        (OSError(errno.ENOSPC, "no space"), FailureClass.DISK),
        (OSError(errno.EDQUOT, "quota"), FailureClass.DISK),
        (OSError(errno.EACCES, "denied"), FailureClass.CODE),
        (ValueError("x"), FailureClass.CODE),
        (RuntimeError("shapes do not match"), FailureClass.CODE),
        (Unavailable("dataset.file_missing", sha256="ab"), FailureClass.CODE),
    ],
    ids=repr,
)
def test_a_failure_has_a_class(error, failure):
    assert classify(error) is failure


def test_torchs_failed_allocation_is_out_of_memory():
    assert classify(_failed_allocation()) is FailureClass.OOM
