"""The reading child: one request on stdin, one answer on stdout, under limits it sets on itself."""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Protocol, TextIO, TypeVar

from pydantic import Field, TypeAdapter

from muscope.backend.errors import MuscopeError, StorageFull, TooLarge
from muscope.backend.ingest.manifest import ExampleRequest, FileRequest, IngestLimits
from muscope.backend.ingest.progress import write_progress_to

Request = Annotated[FileRequest | ExampleRequest, Field(discriminator="kind")]
_REQUEST: TypeAdapter[FileRequest | ExampleRequest] = TypeAdapter(Request)


class Limited(Protocol):
    """Request that says under which limits it is to be performed."""

    @property
    def limits(self) -> IngestLimits:
        """Return the limits."""


L = TypeVar("L", bound=Limited)


def main() -> None:
    """Answer the request on stdin with `{"manifest": …}` or `{"error": {class, code, params}}`."""
    answer_request(_REQUEST, lambda request: {"manifest": _perform(request)})


def answer_request(kind: TypeAdapter[L], perform: Callable[[L], dict[str, Any]]) -> None:
    """Read the request on stdin, perform it, and write the reply or the error to stdout."""
    os.umask(0o077)  # whatever is written here is its owner's alone
    gc.disable()  # millions of short lists, no cycles: the collector would double the time
    answer = _take_stdout()
    request = kind.validate_json(sys.stdin.buffer.read())
    try:
        reply = perform(request)
    except MuscopeError as error:
        reply = {"error": describe(error)}
    except MemoryError:
        reply = {
            "error": describe(
                TooLarge("dataset.too_much_memory", limit_mib=request.limits.memory_bytes >> 20)
            )
        }
    except OSError as error:
        reply = {"error": describe(_storage_error(error))}
    json.dump(reply, answer, ensure_ascii=True, allow_nan=False)
    answer.flush()


def describe(error: MuscopeError) -> dict[str, Any]:
    """Return an error as the parent reads it back."""
    return {"class": type(error).__name__, "code": error.code, "params": error.params}


def _take_stdout() -> TextIO:
    """Keep stdout for the answer; whatever a library prints goes to stderr, hence to the log."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answer


def _perform(request: FileRequest | ExampleRequest) -> dict[str, Any]:
    limit_process(request.limits)
    # Imported under the limits, so that a fault while loading is contained as well.
    from muscope.backend.arrays import write_arrays
    from muscope.backend.ingest.examples.builtin import make_example
    from muscope.backend.ingest.files import prepare_file

    limit_address_space(request.limits)
    if isinstance(request, FileRequest):
        if request.progress is not None:
            write_progress_to(Path(request.progress))
        prepared = prepare_file(Path(request.source), request.options)
    else:
        prepared = make_example(request.name)
    write_arrays(Path(request.out), prepared.arrays, prepared.meta)
    return prepared.manifest.model_dump(mode="json")


def limit_process(limits: IngestLimits) -> None:
    """Bound this process's time, open files and output."""
    _lower(resource.RLIMIT_CPU, limits.cpu_seconds, slack=5)  # SIGXCPU first, which tells why; then SIGKILL
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    _lower(resource.RLIMIT_FSIZE, limits.output_bytes)
    _lower(resource.RLIMIT_CORE, 0)


def limit_address_space(limits: IngestLimits) -> None:
    """Bound what is mapped from here on: at their start, allocators and thread pools reserve gigabytes."""
    import polars as pl

    pl.Series(["1"]).cast(pl.Float64)  # starts what polars starts lazily
    statm = Path("/proc/self/statm")
    if statm.exists():
        mapped = int(statm.read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
        _lower(resource.RLIMIT_AS, mapped + limits.address_bytes)


def _lower(kind: int, value: int, slack: int = 0) -> None:
    hard = resource.getrlimit(kind)[1]
    ceiling = value + slack if hard == resource.RLIM_INFINITY else min(value + slack, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS knows some limits by name only
        resource.setrlimit(kind, (min(value, ceiling), ceiling))


def _storage_error(error: OSError) -> MuscopeError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull("storage.full", size=0)
    if error.errno == errno.EFBIG:
        return TooLarge("dataset.output_too_large")
    raise error
