"""Files through the whole product: tables of packages, hostile files, and the time to a profile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import httpx
import numpy as np
import polars as pl

from benchmarks.inputs.hostile_files import hostile_files
from benchmarks.inputs.package_files import package_files
from benchmarks.inputs.trial_files import TrialFile, trial_files
from benchmarks.peak_memory import peak_bytes
from benchmarks.report import RowResult
from benchmarks.stack import Stack, running
from benchmarks.timing import alternate
from muscope.backend.domain.spec.dataset import Profile, Task
from muscope.backend.storage.blobs.folder import LOCK_NAME

AT_ONCE = 2
ACCEPTED, READ_RIGHT, NUM_HOSTILE, CSV_RATIO = 0.9, 0.95, 2000, 3.0
# Answers of the product that say its own reader failed, whatever the file.
FAILURES = ("dataset.reader_crashed", "internal")
CSV_ROWS, CSV_COLUMNS, ROUNDS = 800_000, 16, 3
MEMORY_LIMIT_BYTES, SECONDS_LIMIT = 2 << 30, 60.0
_PEER = "import sys, polars as pl; print(pl.read_csv(sys.argv[1]).describe())"


NO_ANSWER = 599  # our own status of an upload whose connection ended without a reply


class Answer(NamedTuple):
    """Answer to an upload: the code of a refusal, empty if it was taken; the options asked about; seconds."""

    name: str
    status: int
    code: str
    questions: tuple[str, ...]
    seconds: float

    @property
    def is_failure(self) -> bool:
        """Return whether the product failed, and not the file."""
        return self.status >= 500 or self.code in FAILURES


def trial() -> RowResult:
    """Count the trial files that are read right, asked about, or refused as they should be."""
    files = list(trial_files())
    with _product() as (stack, _):
        faults = {file.name: _faults(stack, file) for file in files}
    right = sum(not each for each in faults.values())
    table = [["file", "fault"], *([name, fault] for name, found in faults.items() for fault in found)]
    notes = [
        f"{right} of {len(files)} kinds of files, uploaded as people do; what is right stands in the table."
    ]
    share = right / len(files)
    return RowResult(f"{share:.1%}", f"{READ_RIGHT:.0%}", share >= READ_RIGHT, table, notes)


def _faults(stack: Stack, file: TrialFile) -> list[str]:
    """Return what the product gets wrong about a file that is uploaded."""
    reply = stack.upload(file.name, file.content)
    answer = reply.json()
    if not reply.is_success:
        code = answer["error"]["code"]
        return [] if code == file.refused else [f"refused with {code}"]
    shape, profile = answer["shape"], Profile.model_validate(answer["profile"])
    return file.faults(profile, Task(shape["task"]))


def packages() -> RowResult:
    """Count the tables of packages that are taken without a question."""
    files = list(package_files())
    with _product() as (stack, _):
        answers = _upload_all(stack, ((each.name, each.content) for each in files))
    of_tables = [answer for answer, file in zip(answers, files, strict=True) if file.is_table]
    taken = [answer for answer in of_tables if not answer.code and not answer.questions]
    failures = sum(answer.is_failure for answer in answers)
    share = len(taken) / len(of_tables)
    others = [answer for answer in of_tables if answer.code or answer.questions]
    table = [["table", "refused with", "asked about"]]
    table += [[each.name, each.code, ", ".join(each.questions)] for each in others]
    notes = [f"{len(of_tables)} of {len(files)} files are tables by the standard library's `csv` and `json`."]
    is_met = share >= ACCEPTED and failures == 0
    return RowResult(f"{share:.1%},{failures}", f"{ACCEPTED:.0%},0", is_met, table, notes)


def hostile() -> RowResult:
    """Count failures of the product on hostile files, and what they leave behind."""
    with _product() as (stack, data), peak_bytes("") as peak:
        before = _files(data)
        answers = _upload_all(stack, hostile_files(NUM_HOSTILE))
        while stored := stack.get("/datasets")["items"]:
            for each in stored:
                stack.delete(f"/datasets/{each['id']}")
        left = sorted(str(path.relative_to(data)) for path in _files(data) - before)
    failures = [answer for answer in answers if answer.is_failure]
    slowest = max(answers, key=lambda answer: answer.seconds)
    codes = Counter(answer.code or "taken" for answer in answers).most_common()
    table = [["answer", "files"], *([code, str(count)] for code, count in codes)]
    named = ", ".join(f"{each.name} {each.status}" for each in failures) or "none"
    largest = peak[""]
    notes = [
        f"{len(answers)} files. Longest answer {slowest.seconds:.1f} s ({slowest.name}); largest process "
        f"{peak[''] / 2**20:.0f} MiB. Failed: {named}. Left behind: {', '.join(left) or 'none'}."
    ]
    is_bounded = largest <= MEMORY_LIMIT_BYTES and slowest.seconds <= SECONDS_LIMIT
    is_met = not failures and not left and is_bounded
    value = f"{len(failures)}failed,{len(left)}left,{slowest.seconds:.0f}s,{peak[''] / 2**30:.2f}GiB"
    return RowResult(value, f"0failed,0left,{SECONDS_LIMIT:.0f}s,2GiB", is_met, table, notes)


def csv_time() -> RowResult:
    """Compare uploading and profiling a CSV file of 100 MB with reading and describing it by Polars."""
    with TemporaryDirectory() as folder, _product() as (stack, _):
        path = Path(folder) / "table.csv"
        _write_table(path)
        ours, peer = alternate(lambda: _profile(stack, path), lambda: _describe(path), rounds=ROUNDS)
        size = path.stat().st_size / 1e6
    table = [["file, MB", "rows", "columns", "ours, s", "polars, s", "ratio"]]
    table.append(
        [f"{size:.0f}", f"{CSV_ROWS:,}", str(CSV_COLUMNS), f"{ours:.1f}", f"{peer:.1f}", f"{ours / peer:.2f}"]
    )
    notes = [
        "Ours: from the first byte sent until the profile is answered. Polars: a process of its own, with "
        "its imports."
    ]
    return RowResult(f"{ours / peer:.2f}x", f"{CSV_RATIO:g}x", ours / peer <= CSV_RATIO, table, notes)


@contextmanager
def _product() -> Iterator[tuple[Stack, Path]]:
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with running(data) as stack:
            yield stack, data


def _upload_all(stack: Stack, files: Iterable[tuple[str, bytes]]) -> list[Answer]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda file: _upload(stack, *file), files))


def _upload(stack: Stack, name: str, content: bytes) -> Answer:
    started = time.monotonic()
    try:
        reply = stack.upload(name.rsplit("/", 1)[-1], content)
    except httpx.HTTPError:  # a server that dies or hangs up is what is counted here
        return Answer(name, NO_ANSWER, "no answer", (), time.monotonic() - started)
    seconds = time.monotonic() - started
    is_json = reply.headers.get("content-type", "").startswith("application/json")
    answer: dict[str, Any] = reply.json() if is_json else {}
    if reply.is_success:
        asked = (each["option"] for each in answer["profile"]["decisions"] if each["is_question"])
        return Answer(name, reply.status_code, "", tuple(asked), seconds)
    return Answer(name, reply.status_code, answer.get("error", {}).get("code", "no answer"), (), seconds)


def _files(data: Path) -> set[Path]:
    """Return the files of uploads and datasets; without the database, the logs and the lock."""
    folders = (data / name for name in ("blobs", "scratch", "uploads"))
    lock = data / "blobs" / LOCK_NAME
    return {path for folder in folders for path in folder.rglob("*") if path.is_file()} - {lock}


def _write_table(path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = {f"x{number}": rng.standard_normal(CSV_ROWS).round(4) for number in range(CSV_COLUMNS - 2)}
    colours = np.array(["red", "green", "blue"])[rng.integers(0, 3, CSV_ROWS)]
    label = rng.integers(0, 4, CSV_ROWS)
    pl.DataFrame(columns | {"colour": colours, "label": label}).write_csv(path)


def _profile(stack: Stack, path: Path) -> float:
    answer = _upload(stack, path.name, path.read_bytes())
    if answer.code:
        raise RuntimeError(f"the table was refused: {answer.code}")
    return answer.seconds


def _describe(path: Path) -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", _PEER, str(path)], check=True, capture_output=True)
    return time.monotonic() - started
