"""Train cells in a few processes, largest first, and keep each result, so that an interrupted run goes on."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.reproduce.jobs import Job, Result, train_job

Results = Mapping[str, Result]


class ResultStore:
    """Results of cells as files, one per key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, job: Job) -> Result | None:
        """Return the kept result of an equal cell."""
        path = self._path(job)
        return Result.from_json(path.read_text(encoding="utf-8")) if path.is_file() else None

    def save(self, job: Job, result: Result) -> None:
        """Keep a result: whole or not at all, whenever the process dies."""
        path = self._path(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.draft")
        draft.write_text(result.to_json(), encoding="utf-8")
        draft.replace(path)

    def _path(self, job: Job) -> Path:
        return self._folder / f"{job.key()}.json"


def train_all(
    jobs: Iterable[Job], store: ResultStore, *, num_processes: int, report: Callable[[str], None]
) -> dict[str, Result]:
    """Return the result of every cell by key, training those that are not kept yet."""
    by_key = {job.key(): job for job in jobs}
    kept = {key: store.load(job) for key, job in by_key.items()}
    missing = sorted((job for key, job in by_key.items() if kept[key] is None), key=Job.cost, reverse=True)
    results = {key: result for key, result in kept.items() if result is not None}
    if not missing:
        return results
    began, total, done = time.monotonic(), sum(map(Job.cost, missing)), 0.0
    # A forked child of a process that has used torch hangs; a fresh one has one thread from the start.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(num_processes, mp_context=context, initializer=_prepare) as pool:
        waiting = {pool.submit(train_job, job): job for job in missing}
        for future in as_completed(waiting):
            job, result = waiting[future], future.result()
            store.save(job, result)
            results[job.key()] = result
            done += job.cost()
            report(
                f"{_named(job)}: {result.seconds:.0f} s; {done / total:.0%} in {time.monotonic() - began:.0f} s"
            )
    return results


def _prepare() -> None:
    from worker.device import prepare_process

    prepare_process()


def _named(job: Job) -> str:
    program = job.program
    return (
        f"{job.data} {program.model.name} {program.parametrization} width {program.width} depth {program.depth}, "
        f"{len(program.runs)} runs"
    )
