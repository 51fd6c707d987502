"""Headers of the tus protocol for resumable uploads, version 1.0.0 (https://tus.io/protocols/resumable-upload).

Extensions: creation, termination, expiration, checksum.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from email.utils import format_datetime

from starlette.requests import Request

from muscope.backend.errors import InvalidInput, UnsupportedMedia, WrongVersion
from muscope.backend.services.names import MOST_OF_A_NAME
from muscope.backend.services.uploads.writing import CHECKSUMS, Checksum

VERSION = "1.0.0"
PIECE_TYPE = "application/offset+octet-stream"
RESUMABLE = {"Tus-Resumable": VERSION}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

# Digits of a number of bytes; more are a broken client.
_WHOLE = re.compile(r"\d{1,18}")


def abilities(limit_bytes: int) -> dict[str, str]:
    """Return what an OPTIONS request is told."""
    return {
        **RESUMABLE,
        "Tus-Version": VERSION,
        "Tus-Extension": "creation,termination,expiration,checksum",
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
        "Tus-Max-Size": str(limit_bytes),
    }


async def require_version(request: Request) -> None:
    """Refuse a client of another version, before anything else is looked at."""
    given = request.headers.get("tus-resumable", "")
    if given != VERSION:
        raise WrongVersion("upload.protocol", given=given[:20], expected=VERSION)


def byte_count(request: Request, header: str) -> int:
    """Return the whole number in a header."""
    given = request.headers.get(header, "")
    if not _WHOLE.fullmatch(given):
        raise InvalidInput("upload.header", header=header, given=given[:60], expected="a number of bytes")
    return int(given)


def file_name(request: Request) -> str:
    """Return the name in Upload-Metadata (`filename` and its base64), without control characters."""
    for entry in request.headers.get("upload-metadata", "").split(","):
        key, _, value = entry.strip().partition(" ")
        if key == "filename":
            return _CONTROL.sub("", _decoded(value)).strip()[:MOST_OF_A_NAME] or "upload"
    return "upload"


def checksum(request: Request) -> Checksum | None:
    """Return the announced checksum of the body, if any."""
    given = request.headers.get("upload-checksum")
    if given is None:
        return None
    algorithm, _, digest = given.strip().partition(" ")
    if algorithm not in CHECKSUMS:
        expected = " / ".join(f"{name} <base64>" for name in CHECKSUMS)
        raise InvalidInput("upload.header", header="Upload-Checksum", given=given[:60], expected=expected)
    return Checksum(algorithm, _base64(digest, "Upload-Checksum"))


def require_piece_type(request: Request) -> None:
    """Refuse a body that is not announced as a piece of a file."""
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given != PIECE_TYPE:
        raise UnsupportedMedia("upload.media_type", given=given[:100], expected=PIECE_TYPE)


def expiry(moment: datetime) -> dict[str, str]:
    """Return the header that says when an upload ends."""
    return {"Upload-Expires": format_datetime(moment, usegmt=True)}


def _decoded(value: str) -> str:
    return _base64(value, "Upload-Metadata").decode("utf-8", errors="replace")


def _base64(value: str, header: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("upload.header", header=header, given=value[:60], expected="base64") from error
