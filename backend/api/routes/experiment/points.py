"""Every raw point of an experiment as a table."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from muscope.backend.api.deps import Ctx, ExperimentId, Owner
from muscope.backend.api.documented import Responses, errors
from muscope.backend.api.download import sandboxed_attachment, spooled, write_lines
from muscope.backend.api.routes.experiment.runs import CSV
from muscope.backend.services.runs.points import point_lines, write_parquet
from muscope.backend.storage.private_files import private_folder

router = APIRouter(prefix="/experiments", tags=["runs"])

PARQUET = "application/vnd.apache.parquet"


class PointsFormat(StrEnum):
    """File format of the points."""

    CSV = "csv"
    PARQUET = "parquet"


_FILE: Responses = {
    200: {
        "description": "One row a point; CSV is UTF-8 with a byte order mark, as Excel wants it.",
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "scenario,parametrization,width,depth,lr,seed,metric,component,step,value\n"
                "as_given,mup,32,3,0.03125,0,train_loss,0,0,2.302585\n",
            },
            PARQUET: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.get(
    "/{experiment_id}/points",
    summary="Get every point of an experiment",
    response_class=Response,
    responses=_FILE | errors(404, 507),
)
def get_points(
    context: Ctx,
    owner: Owner,
    experiment_id: ExperimentId,
    format: Annotated[PointsFormat, Query(description="File format.")] = PointsFormat.CSV,  # noqa: A002
) -> Response:
    """Return every stored value of every run: place in the grid, metric, component (from 0), step, value.

    The value is empty once a run has diverged. Spreadsheets hold about a million rows, Parquet any number.
    """
    lines = point_lines(context, owner, experiment_id)
    name = f"muscope-{experiment_id}-points.{format}"
    if format is PointsFormat.CSV:
        return sandboxed_attachment(spooled(context.settings.scratch_folder, lines), name, media_type=CSV)
    folder = Path(mkdtemp(dir=private_folder(context.settings.scratch_folder)))
    try:
        write_lines(folder / "points.csv", lines)
        write_parquet(folder / "points.csv", folder / name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    cleared = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(folder / name, media_type=PARQUET, filename=name, background=cleared)
