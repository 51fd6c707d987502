"""The process that runs a user's file: one question on stdin, one answer on stdout, under limits."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
from pathlib import Path
from typing import TextIO

import torch
from pydantic import TypeAdapter

from muscope.backend.domain.brought.question import CheckQuestion, DescribeQuestion, ModelLimits
from muscope.backend.errors import MuscopeError, TooLarge
from muscope.worker.brought.check.sweep import measure
from muscope.worker.brought.describe.describe import describe

_QUESTION: TypeAdapter[CheckQuestion | DescribeQuestion] = TypeAdapter(CheckQuestion | DescribeQuestion)


def main() -> None:
    """Answer with `{"measured": …}`, `{"described": …}` or `{"error": {class, code, params}}`.

    Whatever the file prints is a log.
    """
    answer = _take_stdout()
    question = _QUESTION.validate_json(sys.stdin.buffer.read())
    torch.set_num_threads(1)
    _limit_process(question.limits)
    try:
        reply = _answer(question)
    except MuscopeError as error:
        reply = {"error": _described(error)}
    except (MemoryError, torch.OutOfMemoryError):
        limit_mib = question.limits.memory_bytes >> 20
        reply = {"error": _described(TooLarge("brought.too_much_memory", limit_mib=limit_mib))}
    json.dump(reply, answer, allow_nan=False)
    answer.flush()
    os._exit(0)  # whatever threads or handlers the file has left behind


def _answer(question: CheckQuestion | DescribeQuestion) -> dict[str, object]:
    if isinstance(question, DescribeQuestion):
        return {"described": describe(question).model_dump(mode="json")}
    return {"measured": measure(question).model_dump(mode="json")}


def _described(error: MuscopeError) -> dict[str, object]:
    return {"class": type(error).__name__, "code": error.code, "params": error.params}


def _take_stdout() -> TextIO:
    """Keep stdout for the answer; whatever the file prints goes to stderr."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answer


def _limit_process(limits: ModelLimits) -> None:
    """Bound what is mapped from here on, and the processor's seconds; torch itself is loaded already."""
    seconds = int(limits.wall_seconds) + 1
    _lower(resource.RLIMIT_CPU, seconds)
    _lower(resource.RLIMIT_CORE, 0)
    statm = Path("/proc/self/statm")
    if statm.exists():
        mapped = int(statm.read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
        _lower(resource.RLIMIT_AS, mapped + limits.memory_bytes)


def _lower(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS knows some limits by name only
        resource.setrlimit(kind, (lowest, lowest))
