"""Known secrets, searched in all that a stack writes and answers; and who may read its files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from benchmarks.report import RowResult
from benchmarks.rows.security.attempts import concrete, operations, send
from benchmarks.stack import Stack, running

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "known-secret-of-a-bucket-7f31",
    "SOME_PASSWORD": "known-secret-of-the-environment-7f32",
}
IN_REQUEST = "known-secret-of-a-request-7f33"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def secrets() -> RowResult:
    """Secrets of the environment and of request headers are in no file, answer or command line."""
    with TemporaryDirectory() as folder, patch.dict(os.environ, SECRETS):
        with running(Path(folder) / "data") as stack:
            answers = list(_answers(stack))
            lines = list(_command_lines())
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        found = [str(path.relative_to(folder)) for path in files if _has_secret(path.read_bytes())]
        found += [where for where, text in [*answers, *lines] if _has_secret(text.encode())]
    notes = [f"{len(files)} files, {len(answers)} answers, {len(lines)} command lines searched.", *found]
    return RowResult(f"{len(found)}_places", "0_places", bool(files and answers) and not found, notes=notes)


def permissions() -> RowResult:
    """Files, folders and sockets below the data folder are their owner's alone, under a umask of 0."""
    before = os.umask(0)
    try:
        with TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            with running(data) as stack:
                stack.upload("table.csv", b"a,b\n1,2\n3,4\n")
                stack.post("/examples/experiment")
                paths = [data, *data.rglob("*")]
                found = [str(path.relative_to(folder)) for path in reachable_by_others(data)]
    finally:
        os.umask(before)
    notes = [f"{len(paths)} looked at.", *found]
    return RowResult(f"{len(found)}_paths", "0_paths", len(paths) > 1 and not found, notes=notes)


def reachable_by_others(folder: Path) -> Iterator[Path]:
    """Yield what another local user can open: only a way whose every folder lets others through counts."""
    mode = folder.lstat().st_mode
    if stat.S_ISLNK(mode) or not mode & OTHERS:
        return
    yield folder
    if stat.S_ISDIR(mode):
        for path in folder.iterdir():
            yield from reachable_by_others(path)


def _answers(stack: Stack) -> Iterator[tuple[str, str]]:
    headers = {"Authorization": f"Bearer {IN_REQUEST}", "Cookie": f"session={IN_REQUEST}"}
    for method, path, _ in operations(stack):
        answer = send(stack, method, concrete(path), headers=headers)
        yield f"{method} {path}", answer.text + str(answer.headers)
    for path in ("/", "/healthz", "/readyz", "/metrics", "/nothing"):
        yield path, send(stack, "get", path, headers=headers).text


def _command_lines() -> Iterator[tuple[str, str]]:
    import psutil

    for process in psutil.Process().children(recursive=True):
        with process.oneshot():
            yield process.name(), " ".join(process.cmdline())


def _has_secret(content: bytes) -> bool:
    return any(secret.encode() in content for secret in (*SECRETS.values(), IN_REQUEST))
