"""Uploads in pieces, which go on after an interruption: the tus protocol, and how far each upload is."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.deps import Ctx, Owner, Serving, UploadId
from muscope.backend.api.documented import errors
from muscope.backend.api.pages_of_lists import Page, list_responses
from muscope.backend.api.uploading import tus
from muscope.backend.api.uploading.upload import announced_size, blocks
from muscope.backend.services.uploads import store, usage
from muscope.backend.services.uploads.writing import begin_piece
from muscope.backend.services.views.views import UploadView, UsageView

router = APIRouter(tags=["uploads"])

# A piece is flushed to the disk and counted this often: what a lost connection costs at most.
_BLOCK_BYTES = 4 << 20
_TUS = [Depends(tus.require_version)]
_PIECE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes of the file from `Upload-Offset` on.",
        "content": {
            tus.PIECE_TYPE: {"schema": {"type": "string", "format": "binary"}, "example": "size,price\n1,2\n"}
        },
    }
}


def _header(name: str, description: str, *, required: bool = True) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}


_VERSION = _header("Tus-Resumable", "Version of the protocol: 1.0.0.")
_CREATION = [
    _VERSION,
    _header("Upload-Length", "Size of the file in bytes."),
    _header("Upload-Metadata", "`filename <base64 of the name>`.", required=False),
]
_APPENDING = [
    _VERSION,
    _header("Upload-Offset", "Bytes sent so far, as HEAD tells."),
    _header("Upload-Checksum", "`sha256 <base64>` or `sha1 <base64>` of the body.", required=False),
]


@router.options("/uploads", summary="What the upload protocol can", status_code=204, responses=errors())
async def get_upload_abilities(serving: Serving) -> Response:
    """Answer the version, the extensions and the largest size of tus uploads in headers."""
    return Response(status_code=204, headers=tus.abilities(serving.context.settings.upload_limit_bytes))


@router.post(
    "/uploads",
    summary="Announce a large file",
    status_code=201,
    responses=errors(403, 412, 413, 507),
    dependencies=_TUS,
    openapi_extra={"parameters": _CREATION},
)
async def create_upload(serving: Serving, owner: Owner, request: Request) -> Response:
    """Open an upload (tus 1.0.0, creation); its address is in `Location`.

    Refused at once when the file is over a limit, a quota or the free space of the disk.
    """
    length = tus.byte_count(request, "Upload-Length")
    upload = await serving.run(store.open_upload, owner, tus.file_name(request), length)
    headers = {"Location": f"/api/v1/uploads/{upload.id}", **tus.RESUMABLE, **tus.expiry(upload.expires_at)}
    return Response(status_code=201, headers=headers)


@router.get(
    "/uploads",
    summary="List uploads",
    response_class=Response,
    responses=list_responses(UploadView) | errors(),
)
def list_uploads(
    context: Ctx,
    owner: Owner,
    page: Page,
) -> Response:
    """List files that are arriving or were not made a dataset yet, newest first."""
    return page.of(store.list_uploads(context, owner))


@router.get("/uploads/{upload_id}", summary="Get an upload", responses=errors(404))
def get_upload(context: Ctx, owner: Owner, upload_id: UploadId) -> UploadView:
    """Return how much of a file has arrived and, while it is made a dataset, how much of it was read."""
    return store.get_upload(context, owner, upload_id)


@router.head(
    "/uploads/{upload_id}",
    summary="Ask where to go on",
    responses=errors(404, 412),
    dependencies=_TUS,
    openapi_extra={"parameters": [_VERSION]},
)
def get_upload_offset(context: Ctx, owner: Owner, upload_id: UploadId) -> Response:
    """Answer `Upload-Offset` and `Upload-Length` in headers (tus 1.0.0)."""
    upload = store.get_upload(context, owner, upload_id)
    return Response(
        headers={
            **tus.RESUMABLE,
            **tus.expiry(upload.expires_at),
            "Upload-Offset": str(upload.received_bytes),
            "Upload-Length": str(upload.length_bytes),
            "Cache-Control": "no-store",
        }
    )


@router.patch(
    "/uploads/{upload_id}",
    summary="Send a piece",
    status_code=204,
    responses=errors(403, 404, 409, 412, 413, 415, 460, 507),
    dependencies=_TUS,
    openapi_extra=_PIECE | {"parameters": _APPENDING},
)
async def append_to_upload(serving: Serving, owner: Owner, upload_id: UploadId, request: Request) -> Response:
    """Add bytes at `Upload-Offset` (tus 1.0.0); the newest request wins over one that hangs.

    What has arrived counts even if the connection ends, unless `Upload-Checksum` covers the whole piece.
    """
    tus.require_piece_type(request)
    begin = partial(begin_piece, announced=announced_size(request), checksum=tus.checksum(request))
    offset = tus.byte_count(request, "Upload-Offset")
    piece = await serving.run(begin, owner, upload_id, offset)
    async with aclosing(blocks(request, _BLOCK_BYTES)) as arriving:
        async for block in arriving:
            await to_thread.run_sync(piece.take, block)
    await to_thread.run_sync(piece.finish)
    upload = await serving.run(store.get_upload, owner, upload_id)
    headers = {**tus.RESUMABLE, **tus.expiry(upload.expires_at), "Upload-Offset": str(piece.offset)}
    return Response(status_code=204, headers=headers)


@router.delete(
    "/uploads/{upload_id}", summary="Cancel an upload", status_code=204, responses=errors(403, 404)
)
def delete_upload(context: Ctx, owner: Owner, upload_id: UploadId) -> Response:
    """Remove an upload and its bytes (tus 1.0.0, termination); if it is being read, that stops."""
    store.remove_upload(context, owner, upload_id)
    return Response(status_code=204, headers=tus.RESUMABLE)


@router.get("/usage", summary="See the room that is used", responses=errors())
def get_usage(context: Ctx, owner: Owner) -> UsageView:
    """Return the bytes that datasets and uploads take, and the limits on them."""
    return usage.get_usage(context, owner)
