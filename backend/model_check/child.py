"""The child that runs a user's file, from outside: started under limits, watched, never imported."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from muscope.backend import errors
from muscope.backend.child_processes import FOR_TORCH, child_environment
from muscope.backend.domain.brought.description import Description
from muscope.backend.domain.brought.measured import MeasuredModel
from muscope.backend.domain.brought.question import CheckQuestion, DescribeQuestion, ModelLimits
from muscope.backend.errors import InvalidInput, MuscopeError, TooLarge

_COMMAND = (sys.executable, "-m", "muscope.worker.brought")
_LAST_LINES = 300
Question = CheckQuestion | DescribeQuestion


def measure_model(question: CheckQuestion) -> MeasuredModel:
    """Return what the child measured.

    Raises:
        MuscopeError: whatever the child says of the file; also that it hung, ended, or needed too much.
    """
    return MeasuredModel.model_validate_json(json.dumps(_ask(question)["measured"]))


def describe_model(question: DescribeQuestion) -> Description:
    """Return what a plan needs to know of a model; raises MuscopeError as `measure_model` does."""
    return Description.model_validate_json(json.dumps(_ask(question)["described"]))


def _ask(question: Question) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="muscope-check-") as scratch:
        reply = _run(question, Path(scratch))
    if "error" in reply:
        raise _as_error(reply["error"])
    return reply


def _run(question: Question, scratch: Path) -> dict[str, Any]:
    """Return the child's answer, through files instead of pipes, so that neither waits for the other."""
    asked, answer, log = scratch / "question.json", scratch / "answer.json", scratch / "log.txt"
    asked.write_text(question.model_dump_json(), encoding="utf-8")
    with asked.open("rb") as stdin, answer.open("wb") as stdout, log.open("wb") as stderr:
        child = subprocess.Popen(
            _COMMAND,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=child_environment(**FOR_TORCH),
            start_new_session=True,
        )
        try:
            child.wait(question.limits.wall_seconds)
        except subprocess.TimeoutExpired as error:
            raise _too_slow(question.limits) from error
        finally:
            _end_group(child)
    try:
        reply: dict[str, Any] = json.loads(answer.read_bytes())
    except ValueError as error:
        raise _ended(child.returncode, question.limits, log) from error
    return reply


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """End the child with whatever the file started; its group may outlive it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _ended(code: int, limits: ModelLimits, log: Path) -> MuscopeError:
    if code == -signal.SIGXCPU:
        return _too_slow(limits)
    if code in (-signal.SIGKILL, -signal.SIGABRT):  # the kernel or an allocator lacked memory
        return TooLarge("brought.too_much_memory", limit_mib=limits.memory_bytes >> 20)
    told = log.read_text(encoding="utf-8", errors="replace").strip()[-_LAST_LINES:]
    how = signal.Signals(-code).name if code < 0 else f"exit {code}"
    return InvalidInput("brought.child_ended", how=how, told=told or "-")


def _too_slow(limits: ModelLimits) -> MuscopeError:
    return TooLarge("brought.took_too_long", seconds=round(limits.wall_seconds))


def _as_error(described: dict[str, Any]) -> MuscopeError:
    kind = getattr(errors, described["class"], InvalidInput)
    error: MuscopeError = kind(described["code"], **described["params"])
    return error
