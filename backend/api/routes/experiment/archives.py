"""An experiment as one file: given away, and taken in by another server."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from muscope.backend.api.deps import Ctx, ExperimentId, Owner, Serving
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.uploading.upload import announced_size, check_size, receive_body
from muscope.backend.services.datasets.store import scratch
from muscope.backend.services.transfer.receiving import import_experiment
from muscope.backend.services.transfer.sending import write_experiment
from muscope.backend.services.uploads.usage import require_room
from muscope.backend.services.views.views import ExperimentView
from muscope.backend.storage.private_files import private_folder

router = APIRouter(prefix="/experiments", tags=["experiments"])

ZIP = "application/zip"
_FILE: Responses = {
    200: {
        "description": "The experiment as one file.",
        "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_KNOWN: Responses = {200: {"model": ExperimentView, "description": "It was taken in before."}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file that `GET /api/v1/experiments/{id}/archive` gave, as it is.",
        "content": {
            ZIP: {"schema": {"type": "string", "format": "binary"}, "example": "PK…"},
        },
    }
}


@router.get(
    "/{experiment_id}/archive",
    summary="Get an experiment as one file",
    response_class=Response,
    responses=_FILE | errors(404, 409, 507),
)
def get_archive(
    context: Ctx,
    owner: Owner,
    experiment_id: ExperimentId,
    data: Annotated[
        bool, Query(description="With the data; without, only their fingerprint goes along.")
    ] = True,
) -> FileResponse:
    """Return spec, every value measured, verdicts, programs of the workers, and the data, as a ZIP.

    Another server takes it in with `POST /api/v1/experiments/import`, with the same fingerprint of the
    export. Refused with 409 while the experiment goes on.
    """
    folder = Path(mkdtemp(dir=private_folder(context.settings.scratch_folder)))
    try:
        name, path = write_experiment(context, owner, experiment_id, folder, with_data=data)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(
        path,
        media_type=ZIP,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.muscope.zip"},
        background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
    )


@router.post(
    "/import",
    summary="Take in an experiment from a file",
    status_code=201,
    responses=_KNOWN | errors(403, 409, 413, 507),
    openapi_extra=_BODY,
)
async def import_archive(
    serving: Serving, owner: Owner, request: Request, response: Response
) -> ExperimentView:
    """Store an experiment that another server gave away; nothing is trained.

    Every part is compared with its checksum, and what was measured with the fingerprint of the export; a file
    that differs is refused with nothing kept. One that was taken in before is answered with 200.
    """
    limit = serving.context.settings.upload_limit_bytes
    check_size(request, limit)
    await serving.run(require_room, owner, announced_size(request) or 1)
    with scratch(serving.context) as folder:
        await receive_body(request, folder / "archive", limit_bytes=limit)
        created = await serving.read_file(import_experiment, owner, folder / "archive")
    response.status_code = 201 if created.is_new else 200
    response.headers["Location"] = f"/api/v1/experiments/{created.experiment.id}"
    return created.experiment
