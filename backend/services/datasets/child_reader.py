"""Reader of uploaded files in a child process, so that no file can crash the server. Imports no parser."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Protocol, Self

from muscope.backend import errors
from muscope.backend.errors import Conflict, InvalidInput, MuscopeError, NotFound, TooLarge
from muscope.backend.ingest.manifest import (
    EXAMPLE_NAMES,
    ExampleRequest,
    FileRequest,
    IngestLimits,
    IngestOptions,
    Manifest,
)
from muscope.backend.resources import HOME

_LOG = logging.getLogger(__name__)
# -I ignores the caller's PYTHON* variables and folder. The child is told the folder of this process's package
# alone, which adds nothing to where it looks for other modules.
_BOOT = (
    "import runpy, sys, types; muscope = sys.modules['muscope'] = types.ModuleType('muscope'); "
    "muscope.__path__ = [sys.argv[1]]; runpy.run_module(sys.argv[2], run_name='__main__')"
)
_READER = "muscope.backend.ingest"
# Fields of requests that are paths.
_PATHS = ("source", "out", "progress")
_POLL_SECONDS = 0.05
_LOGGED_BYTES = 4000
_ERRORS: dict[str, type[MuscopeError]] = {
    name: getattr(errors, name)
    for name in ("InvalidInput", "TooLarge", "UnsupportedMedia", "Malformed", "StorageFull")
}


def read_file(
    source: Path,
    out: Path,
    options: IngestOptions | None = None,
    *,
    limits: IngestLimits | None = None,
    progress: Path | None = None,
) -> Manifest:
    """Read the uploaded file at `source` into an array file at `out`; on any error `out` is removed.

    Reading stops when `source` is removed. The child says at `progress` how far it is.
    """
    request = FileRequest(
        source=str(source.resolve()),
        out=str(out.resolve()),
        options=options or IngestOptions(),
        limits=limits or IngestLimits.for_size(source.stat().st_size),
        progress=None if progress is None else str(progress.resolve()),
    )
    return _ask_child(request, out)


def make_example(name: str, out: Path, limits: IngestLimits | None = None) -> Manifest:
    """Make the built-in dataset `name` into an array file at `out`."""
    known = next((known for known in EXAMPLE_NAMES if known == name), None)
    if known is None:
        raise NotFound("dataset.unknown_example", name=name[:60], names=", ".join(EXAMPLE_NAMES))
    return _ask_child(
        ExampleRequest(name=known, out=str(out.resolve()), limits=limits or IngestLimits()), out
    )


def _ask_child(request: FileRequest | ExampleRequest, out: Path) -> Manifest:
    try:
        # Beside the result: what is unpacked may be gigabytes, for which a folder in memory has no room.
        with tempfile.TemporaryDirectory(prefix="muscope-read-", dir=out.resolve().parent) as scratch:
            reply = run_child(request, Path(scratch))
        return Manifest.model_validate_json(json.dumps(reply["manifest"]))
    except BaseException:
        out.unlink(missing_ok=True)
        out.with_name(out.name + ".part").unlink(missing_ok=True)
        raise


class ChildRequest(Protocol):
    """Message that a child reads as JSON; it stops when the file at `source` is removed, if it has one."""

    @property
    def limits(self) -> IngestLimits:
        """Return the limits under which it runs."""

    def model_dump_json(self) -> str:
        """Return the message."""

    def model_copy(self, *, update: dict[str, Any]) -> Self:
        """Return the message with some fields changed."""


def run_child(request: ChildRequest, scratch: Path, module: str = _READER) -> dict[str, Any]:
    """
    Return the reply of the child that `module` is; what it could not do is raised here.

    It comes through files instead of pipes, so that neither waits for the other.
    """
    question, answer, log = scratch / "question.json", scratch / "answer.json", scratch / "log.txt"
    question.write_text(_seen_from(scratch, request).model_dump_json(), encoding="utf-8")
    with question.open("rb") as stdin, answer.open("wb") as stdout, log.open("wb") as stderr:
        child = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", _BOOT, str(HOME), module],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=scratch,
            env=_environment(scratch),
            start_new_session=True,
        )
        try:
            source = getattr(request, "source", None)
            stopped = _watch(child, request.limits, None if source is None else Path(source))
        finally:
            _kill(child)
    _log_stderr(log, child.returncode)
    if stopped is not None:
        raise stopped
    if child.returncode != 0:
        raise _exit_error(child.returncode, request.limits)
    reply = _parse(answer)
    if "error" in reply:
        raise _as_error(reply["error"])
    return reply


def _seen_from(scratch: Path, request: ChildRequest) -> ChildRequest:
    """Return the request with its paths as the child sees them from its folder.

    In a locale that knows ASCII only, the name of a folder above cannot be written as text.
    """
    paths = {name: getattr(request, name, None) for name in _PATHS}
    here = scratch.resolve()
    return request.model_copy(
        update={name: os.path.relpath(path, here) for name, path in paths.items() if path}
    )


def _environment(scratch: Path) -> dict[str, str]:
    """Return the child's environment: no secrets, two threads, and its own folder for temporary files."""
    threads = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
    threads["TOKENIZERS_PARALLELISM"] = "false"
    return {"HOME": str(scratch), "TMPDIR": str(scratch), "LANG": "C.UTF-8", **threads}


def _watch(child: subprocess.Popen[bytes], limits: IngestLimits, source: Path | None) -> MuscopeError | None:
    """Wait for the child's end, or return the error for which it must be stopped."""
    deadline = time.monotonic() + limits.wall_seconds
    while True:
        try:
            child.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                return _too_slow(limits)
            if source is not None and not source.exists():
                return Conflict("upload.removed")
            if _resident_bytes(child.pid) > limits.memory_bytes:
                return _too_much_memory(limits)
        else:
            return None


def _resident_bytes(pid: int) -> int:
    """Return the resident memory of a process; 0 where the system has no /proc."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _kill(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)  # not reaped yet, so the number is still its own
        child.wait()


def _exit_error(code: int, limits: IngestLimits) -> MuscopeError:
    if code == -signal.SIGXCPU:
        return _too_slow(limits)
    if code == -signal.SIGXFSZ:
        return TooLarge("dataset.output_too_large")
    if code in (-signal.SIGKILL, -signal.SIGABRT):  # the kernel or an allocator lacked memory
        return _too_much_memory(limits)
    name = signal.Signals(-code).name if code < 0 else f"exit {code}"
    return InvalidInput("dataset.reader_crashed", exit=name)


def _too_slow(limits: IngestLimits) -> MuscopeError:
    return TooLarge("dataset.took_too_long", seconds=round(limits.wall_seconds))


def _too_much_memory(limits: IngestLimits) -> MuscopeError:
    return TooLarge("dataset.too_much_memory", limit_mib=limits.memory_bytes >> 20)


def _log_stderr(log: Path, code: int) -> None:
    size = log.stat().st_size
    if size:
        with log.open("rb") as file:
            file.seek(max(0, size - _LOGGED_BYTES))
            tail = file.read().decode("utf-8", errors="replace")
        _LOG.warning("reading child ended with %s and said: %s", code, tail)


def _parse(answer: Path) -> dict[str, Any]:
    try:
        reply = json.loads(answer.read_bytes())
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        raise InvalidInput("dataset.reader_crashed", exit="no answer")
    return reply


def _as_error(described: dict[str, Any]) -> MuscopeError:
    kind = _ERRORS.get(described["class"], InvalidInput)
    return kind(described["code"], **described["params"])
