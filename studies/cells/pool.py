"""Trains cells in a few processes, largest first, and keeps each result, so that a stopped run goes on."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from muscope.worker.device import prepare_process
from studies.cells.jobs import Job, Result, Results, train_job
from studies.cells.row import Row


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


class Trainer:
    """Trains the cells of rows until each row asks for no more; a row is judged as soon as it is complete."""

    def __init__(self, store: ResultStore, *, num_processes: int, report: Callable[[str], None]) -> None:
        self._store, self._num_processes, self._report = store, num_processes, report
        # A forked child of a process that has used torch hangs; a fresh one has one thread from the start.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(num_processes, mp_context=context, initializer=_prepare)
        self._results: dict[str, Result] = {}
        self._waiting: dict[Future[Result], Job] = {}

    def train(self, rows: Iterable[Row]) -> Iterator[tuple[Row, Results]]:
        """Yield each row with the results of its cells, in the order in which they are complete."""
        open_rows = list(rows)
        with self._pool:
            while True:
                done = [row for row in open_rows if self._is_complete(row)]
                for row in done:
                    keys = {job.key() for job in row.plan(self._results)}
                    yield row, {key: self._results[key] for key in keys}
                open_rows = [row for row in open_rows if row not in done]
                if not open_rows:
                    return
                self._take_results()

    def _is_complete(self, row: Row) -> bool:
        """Start what the row's plan lacks, largest first, while processes are idle; True when nothing lacks.

        Nothing more waits in the pool: rows that come first go first, with what their second stage needs.
        """
        while loaded := [job for job in row.plan(self._results) if self._load(job)]:
            self._report(f"{row.name}: {len(loaded)} cells were there already")
        missing = {job.key(): job for job in row.plan(self._results) if job.key() not in self._results}
        started = {job.key() for job in self._waiting.values()}
        for key, job in sorted(missing.items(), key=lambda item: item[1].cost(), reverse=True):
            if key not in started and len(self._waiting) < self._num_processes:
                self._waiting[self._pool.submit(train_job, job)] = job
        return not missing

    def _load(self, job: Job) -> bool:
        if job.key() in self._results:
            return False
        result = self._store.load(job)
        if result is not None:
            self._results[job.key()] = result
        return result is not None

    def _take_results(self) -> None:
        done, _ = wait(self._waiting, return_when=FIRST_COMPLETED)
        for future in done:
            job, result = self._waiting.pop(future), future.result()
            self._store.save(job, result)
            self._results[job.key()] = result
            self._report(f"{_named(job)}: {result.seconds:.0f} s of processor time")


def _prepare() -> None:
    """Make a fresh process train; it ends with its parent, however that ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare_process()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _named(job: Job) -> str:
    program = job.program
    return (
        f"{job.data}, {program.model.name}, {program.parametrization}, width {program.width}, "
        f"depth {program.depth}, {len(program.runs)} runs"
    )
