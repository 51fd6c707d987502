"""The operations about sweeps that were run elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from muscope.backend.client.asynchronous.pieces import AsyncPieces
from muscope.backend.client.choices import changed_choices
from muscope.backend.client.exchange import address
from muscope.backend.client.replies import Json, StoredSweep, SweepAnswer
from muscope.backend.client.result import Figure
from muscope.backend.client.tables import OCTETS, Source, as_columns, as_upload


class AsyncSweeps(AsyncPieces):
    """Judgement of existing runs, and the sweeps that a server keeps."""

    async def judge(self, source: Source, **options: Any) -> SweepAnswer:
        """Return the judgement of an existing sweep; nothing is trained.

        Args:
            source: a pandas or polars table, columns by name, or rows: size (or width, depth), lr, loss, ….
            options: as `POST /api/v1/sweeps/judge` takes them: `columns`, `arm`, `axis`, ….
        """
        body = {"table": as_columns(source), **options}
        return SweepAnswer.read(await self._post(address("/sweeps/judge"), body))

    async def store_sweep(self, source: Source, name: str | None = None) -> StoredSweep:
        """Judge an existing sweep and keep it on the server; the same table is kept once.

        Args:
            source: a table as for `judge`, or the path of a file.
        """
        upload = as_upload(source, name)
        answer = await self._send(
            "POST",
            address("/sweeps"),
            params={"name": upload.name},
            content=upload.content,
            headers={"Content-Type": OCTETS},
        )
        return StoredSweep.read(answer.json())

    async def list_sweeps(self, **options: Any) -> list[Json]:
        """Return stored sweeps with their outcomes, newest first.

        Args:
            options: as `GET /api/v1/sweeps` takes them: `q`, `outcome`, `sort`, `order`, `limit`, `cursor`.
        """
        found: list[Json] = await self._get(address("/sweeps"), **options)
        return found

    async def get_sweep(self, sweep_id: str) -> StoredSweep:
        """Return a stored sweep with the meaning of its columns and its answer."""
        return StoredSweep.read(await self._get(address("/sweeps/{id}", id=sweep_id)))

    async def judge_again(
        self,
        sweep_id: str,
        *,
        roles: Mapping[str, str] | None = None,
        **choices: Any,
    ) -> StoredSweep:
        """Read and judge a stored sweep by other choices, and keep that answer; what is not named stays.

        Args:
            roles: roles by column, such as `{"val_loss": "loss", "units": "width", "note": "label"}`.
            choices: `arm`, `axis`, `law` (`{"irreducible": 1.6, "exponent": 0.0941}`) and `initial_loss`;
                None takes a choice back, and leaves compute out for `law`.

        RequestFailed with status 412 says that somebody else has changed the sweep meanwhile.
        """
        path = address("/sweeps/{id}", id=sweep_id)
        before = StoredSweep.read(await self._get(path))
        wanted = changed_choices(before.choices, roles or {}, **choices)
        headers = {"If-Match": f'"{before.edition}"'}
        answer = await self._send("PATCH", path, json={"choices": wanted}, headers=headers)
        return StoredSweep.read(answer.json())

    async def rename_sweep(self, sweep_id: str, name: str) -> StoredSweep:
        """Give a stored sweep another name."""
        answer = await self._send("PATCH", address("/sweeps/{id}", id=sweep_id), json={"name": name})
        return StoredSweep.read(answer.json())

    async def delete_sweep(self, sweep_id: str) -> None:
        """Delete a stored sweep with its file and its answer."""
        await self._delete(address("/sweeps/{id}", id=sweep_id))

    async def sweep_text(self, sweep_id: str) -> str:
        """Return the answer of a stored sweep in sentences; `language` is the client's."""
        return (await self._send("GET", address("/sweeps/{id}/text", id=sweep_id))).text

    async def next_runs(self, sweep_id: str) -> bytes:
        """Return the cheapest runs that would settle a stored sweep, as CSV for a sweep script."""
        return (await self._send("GET", address("/sweeps/{id}/next-runs", id=sweep_id))).content

    async def sweep_file(self, sweep_id: str) -> bytes:
        """Return the table of a stored sweep as it was sent."""
        return (await self._send("GET", address("/sweeps/{id}/file", id=sweep_id))).content

    async def sweep_figure(self, sweep_id: str, name: str, **options: Any) -> Figure:
        """Return a Plotly figure of a stored sweep.

        Args:
            name: `lr_loss`, `best_lr` or `cost`.
            options: places in its reading: `axis` among its axes, `stratum` among that axis's strata; `mode`.
        """
        path = address("/sweeps/{id}/figures/{name}", id=sweep_id, name=name)
        return Figure.read(name, await self._get(path, **options))

    async def sweep_report(
        self, sweep_id: str, kind: Literal["html", "pdf"] = "html", **options: Any
    ) -> bytes:
        """Return the report of a stored sweep as one file; `language` is the client's if left out."""
        path = address("/sweeps/{id}/report", id=sweep_id)
        return (await self._send("GET", path, params={"format": kind, **options})).content
