"""The operations of the REST API as methods."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal
from uuid import uuid4

import httpx2

from muscope.backend.catalogue import DEFAULT_LANGUAGE
from muscope.backend.client.asynchronous.sweeps import AsyncSweeps
from muscope.backend.client.exchange import Retries, address
from muscope.backend.client.replies import (
    Cell,
    Curve,
    Dataset,
    DatasetPage,
    Experiment,
    ExperimentPage,
    Json,
    Model,
    Plan,
    Settling,
    Verdict,
    Worker,
)
from muscope.backend.client.result import Figure, Result, shown_figures
from muscope.backend.client.tables import Source, as_upload, large_file
from muscope.backend.errors import TimeIsUp

DEFAULT_SERVER = "http://127.0.0.1:8000"


class AsyncClient(AsyncSweeps):
    """Client of one µScope server.

    Args:
        server: address of the page, with the path in front of it if a proxy adds one.
        token: API token, where the server asks for one.
        language: `en` or `ja`, of the sentences in errors.
        retries: rule for repeating a request when the server is away.
        http: connection to use instead of one of its own.

    Every method raises RequestFailed when the server refuses, and Unavailable when none answers.
    """

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        token: str | None = None,
        *,
        language: str = DEFAULT_LANGUAGE,
        retries: Retries | None = None,
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        super().__init__(server, token, language, retries or Retries(), http)

    async def upload(self, source: Source, name: str | None = None, **options: Any) -> Dataset:
        """Store a table, images or a text, and return the dataset; the same data are stored once.

        Args:
            source: a pandas or polars table, columns by name, rows, arrays `(x, y)`, or the path of a file.
            options: how it is read, as `POST /api/v1/datasets` takes it: `label`, `task`, `split`, ….
        """
        if path := large_file(source):
            name = name or path.name
            arrived = await self._send_in_pieces(path, name)
            return Dataset.read(await self._post(address("/datasets"), name=name, upload=arrived, **options))
        upload = as_upload(source, name)
        answer = await self._send(
            "POST",
            address("/datasets"),
            params={"name": upload.name} | options,
            content=upload.content,
            headers={"Content-Type": upload.media_type},
        )
        return Dataset.read(answer.json())

    async def create_example(self, name: str) -> Dataset:
        """Store a built-in dataset, such as `digits`, and return it."""
        return Dataset.read(await self._post(address("/examples/{name}/dataset", name=name)))

    async def list_models(self) -> list[Model]:
        """Return the models of the operator's that live workers hold."""
        return [Model.read(each) for each in await self._get(address("/models"))]

    async def create_model_data(self, name: str) -> Dataset:
        """Store the examples that a model brings, and return them as a dataset."""
        return Dataset.read(await self._post(address("/models/{name}/dataset", name=name)))

    async def list_datasets(self, **filters: Any) -> DatasetPage:
        """Return a page of datasets, newest first.

        Args:
            filters: as `GET /api/v1/datasets` takes them: `q`, `kind`, `sort`, `limit`, `cursor`, ….
        """
        return DatasetPage.read(await self._get(address("/datasets"), **filters))

    async def get_dataset(self, dataset_id: str) -> Dataset:
        """Return one dataset."""
        return Dataset.read(await self._get(address("/datasets/{id}", id=dataset_id)))

    async def delete_dataset(self, dataset_id: str) -> None:
        """Delete a dataset; refused while an experiment uses it."""
        await self._delete(address("/datasets/{id}", id=dataset_id))

    async def predict(self, plan: Json) -> Plan:
        """Return what a plan would run and how long it would take; nothing is started."""
        return Plan.read(await self._post(address("/experiments/preview"), dict(plan)))

    async def list_presets(self, plan: Json) -> list[Json]:
        """Return time, memory, runs and possible conclusions of each preset for `{"dataset_id": …}`."""
        found: list[Json] = (await self._post(address("/plans/presets"), dict(plan)))["presets"]
        return found

    async def create(self, plan: Json, *, key: str | None = None) -> Experiment:
        """Start an experiment.

        Args:
            plan: `dataset_id`, and whatever differs from the default.
            key: Idempotency-Key; an earlier creation with the same one is returned. A new one if left out.
        """
        headers = {"Idempotency-Key": key or str(uuid4())}
        answer = await self._send("POST", address("/experiments"), json=dict(plan), headers=headers)
        return Experiment.read(answer.json())

    async def open_example(self) -> Experiment:
        """Return the finished experiment that comes with µScope."""
        return Experiment.read(await self._post(address("/examples/experiment")))

    async def list_experiments(self, **filters: Any) -> ExperimentPage:
        """Return a page of experiments, newest first.

        Args:
            filters: as `GET /api/v1/experiments` takes them: `q`, `state`, `outcome`, `limit`, `cursor`, ….
        """
        return ExperimentPage.read(await self._get(address("/experiments"), **filters))

    async def get(self, experiment_id: str) -> Experiment:
        """Return one experiment."""
        return Experiment.read(await self._get(address("/experiments/{id}", id=experiment_id)))

    async def label(self, experiment_id: str, **labels: Any) -> Experiment:
        """Change `name`, `notes` or `tags`."""
        path = address("/experiments/{id}", id=experiment_id)
        return Experiment.read((await self._send("PATCH", path, json=labels)).json())

    async def cancel(self, experiment_id: str) -> Experiment:
        """Stop an experiment; what was measured stays."""
        return Experiment.read(await self._post(address("/experiments/{id}/cancellation", id=experiment_id)))

    async def resume(self, experiment_id: str) -> Experiment:
        """Continue a cancelled experiment: what it has not computed yet is queued again."""
        return Experiment.read(await self._post(address("/experiments/{id}/resumption", id=experiment_id)))

    async def delete(self, experiment_id: str) -> None:
        """Delete an ended experiment with all it measured."""
        await self._delete(address("/experiments/{id}", id=experiment_id))

    async def wait(
        self,
        experiment_id: str,
        *,
        timeout: float | None = None,
        pause: float = 1.0,
        on_progress: Callable[[Experiment], None] | None = None,
    ) -> Experiment:
        """Return the experiment once it has ended.

        Args:
            timeout: most seconds to wait; TimeIsUp is raised after them, and the experiment goes on.
            pause: seconds between two questions.
            on_progress: called with every answer.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            experiment = await self.get(experiment_id)
            if on_progress is not None:
                on_progress(experiment)
            if not experiment.is_open:
                return experiment
            if end is not None and time.monotonic() >= end:
                raise TimeIsUp("client.time_is_up", id=experiment_id, seconds=timeout or 0)
            left = pause if end is None else min(pause, end - time.monotonic())
            await asyncio.sleep(max(left, 0.0))

    async def verdict(self, experiment_id: str, *, scenario: str | None = None) -> Verdict:
        """Return the verdict of the worst scenario, or of one; interim while the experiment is open."""
        path = address("/experiments/{id}/verdict", id=experiment_id)
        return Verdict.read(await self._get(path, scenario=scenario))

    async def results(self, experiment_id: str) -> Json:
        """Return the verdicts of all scenarios, and the answer over them in `overall`."""
        found: Json = await self._get(address("/experiments/{id}/verdicts", id=experiment_id))
        return found

    async def price_settling(self, experiment_id: str, *, max_seeds: int | None = None) -> Settling:
        """Return what the next seeds of an open answer would take; nothing is started."""
        path = address("/experiments/{id}/settle", id=experiment_id)
        return Settling.read(await self._get(path, max_seeds=max_seeds))

    async def settle(self, experiment_id: str, *, max_seeds: int | None = None) -> Experiment:
        """Let an experiment with an open answer go on with further seeds."""
        body = {} if max_seeds is None else {"max_seeds": max_seeds}
        return Experiment.read(await self._post(address("/experiments/{id}/settle", id=experiment_id), body))

    async def list_cells(self, experiment_id: str) -> list[Cell]:
        """Return the cells in the order of the grid."""
        found = await self._get(address("/experiments/{id}/cells", id=experiment_id))
        return [Cell.read(each) for each in found]

    async def list_runs(self, experiment_id: str, **filters: Any) -> Json:
        """Return a page of runs with their final values, as `GET /api/v1/experiments/{id}/runs` does."""
        found: Json = await self._get(address("/experiments/{id}/runs", id=experiment_id), **filters)
        return found

    async def curve(self, cell_id: str, metric: str, *, after: int = -1) -> Curve:
        """Return every value of a metric of a cell from the step after `after` on."""
        path = address("/cells/{id}/curves", id=cell_id)
        return Curve.read(await self._get(path, metric=metric, after=after))

    async def figure(self, experiment_id: str, name: str, **options: Any) -> Figure:
        """Return a Plotly figure, such as `lr_loss`; the experiment lists those it has."""
        path = address("/experiments/{id}/figures/{name}", id=experiment_id, name=name)
        return Figure.read(name, await self._get(path, **options))

    async def report(
        self, experiment_id: str, kind: Literal["html", "pdf"] = "html", **options: Any
    ) -> bytes:
        """Return the report for the meeting as one file; `language` is the client's if left out."""
        path = address("/experiments/{id}/report", id=experiment_id)
        return (await self._send("GET", path, params={"format": kind, **options})).content

    async def recipe(self, experiment_id: str, **options: Any) -> bytes:
        """Return `recipe.py`, which trains a size elsewhere with torch only.

        Args:
            options: as the server takes them: `width`, `depth`, `arm`, `lr`; by default the target's.
        """
        path = address("/experiments/{id}/recipe.py", id=experiment_id)
        return (await self._send("GET", path, params=options)).content

    async def export(self, experiment_id: str) -> bytes:
        """Return everything measured, as tab-separated lines; equal experiments give equal bytes."""
        return (await self._send("GET", address("/experiments/{id}/export", id=experiment_id))).content

    async def points(self, experiment_id: str, kind: Literal["csv", "parquet"] = "csv") -> bytes:
        """Return every point of every run as a table, the place in the grid before metric, step and value."""
        path = address("/experiments/{id}/points", id=experiment_id)
        return (await self._send("GET", path, params={"format": kind})).content

    async def archive(self, experiment_id: str, *, data: bool = True) -> bytes:
        """Return an experiment that has ended as one file; without `data` only their fingerprint is in it."""
        path = address("/experiments/{id}/archive", id=experiment_id)
        return (await self._send("GET", path, params={"data": data})).content

    async def import_archive(self, content: bytes) -> Experiment:
        """Take in an experiment from the file that another server gave away; nothing is trained."""
        headers = {"Content-Type": "application/zip"}
        path = address("/experiments/import")
        return Experiment.read((await self._send("POST", path, content=content, headers=headers)).json())

    async def export_digest(self, experiment_id: str) -> str:
        """Return the sha256 of the export in hex."""
        found: Mapping[str, str] = await self._get(
            address("/experiments/{id}/export/sha256", id=experiment_id)
        )
        return found["sha256"]

    async def list_workers(self) -> list[Worker]:
        """Return the worker nodes that were seen in the last minute."""
        return [Worker.read(each) for each in await self._get(address("/workers"))]

    async def require_ready(self) -> None:
        """Raise RequestFailed with the fault that keeps the server from working, if there is one."""
        await self._send("GET", "/readyz")

    async def result(self, experiment_id: str) -> Result:
        """Return an experiment with its verdict and its main figures."""
        experiment = await self.get(experiment_id)
        figures = [await self.figure(experiment_id, name) for name in shown_figures(experiment)]
        return Result(experiment, await self.verdict(experiment_id), tuple(figures), self.language)

    async def run_poc(
        self,
        source: Source,
        label: str | None = None,
        *,
        name: str | None = None,
        key: str | None = None,
        timeout: float | None = None,
        on_progress: Callable[[Experiment], None] | None = None,
        **plan: Any,
    ) -> Result:
        """Upload data, run an experiment on them, wait, and return its result.

        Args:
            source: as for `upload`; `label` names the column to predict, and is guessed if left out.
            plan: whatever differs from the default plan, such as `preset="quick"`.
            key: Idempotency-Key; with the same one a repeated call waits for the same experiment.
        """
        dataset = await self.upload(source, name, **({} if label is None else {"label": label}))
        experiment = await self.create({"dataset_id": dataset.id, **plan}, key=key)
        await self.wait(experiment.id, timeout=timeout, on_progress=on_progress)
        return await self.result(experiment.id)
