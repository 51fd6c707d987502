import errno
import io
from typing import Any
from uuid import uuid4

import pytest
import torch
from pydantic import ValidationError

from muscope.backend.domain.lifecycle import FailureClass
from muscope.backend.errors import InvalidInput, StorageFull, Unavailable
from muscope.worker import child
from muscope.worker.child import classify
from muscope.worker.messages import Event, Request

# Stands where a test's training looks at no store.
NO_STORES: Any = None


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
        (OSError(errno.EROFS, "read-only"), FailureClass.DISK),
        (StorageFull("storage.full", needed_mib=2), FailureClass.DISK),
        (OSError(errno.EACCES, "denied"), FailureClass.CODE),
        (ValueError("x"), FailureClass.CODE),
        (InvalidInput("spec.too_many_runs"), FailureClass.SPEC),
        (ValidationError.from_exception_data("ExperimentSpec", []), FailureClass.SPEC),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), FailureClass.OOM),
        (RuntimeError("shapes do not match"), FailureClass.CODE),
        (Unavailable("dataset.file_missing", sha256="ab"), FailureClass.CODE),
    ],
    ids=repr,
)
def test_a_failure_has_a_class(error, failure):
    assert classify(error) is failure


def test_a_lost_device_ends_the_process_since_no_later_cell_could_use_it(monkeypatch):
    def lose(*_, **__):
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(child, "train_cell_now", lose)

    with pytest.raises(torch.AcceleratorError):
        child._train(Request(cell_id=uuid4(), fence=1), stores=NO_STORES, replies=io.StringIO())


def test_a_gpu_out_of_memory_is_a_reply_and_the_process_lives_on(monkeypatch):
    def fill(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(child, "train_cell_now", fill)
    request = Request(cell_id=uuid4(), fence=1)

    reply = child._train(request, stores=NO_STORES, replies=io.StringIO())

    assert (reply.event, reply.failure) == (Event.FAILED, FailureClass.OOM)


def test_torchs_failed_allocation_is_out_of_memory():
    assert classify(_failed_allocation()) is FailureClass.OOM
