"""Place of the blobs that the settings name: the data folder, or a bucket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from muscope.backend.errors import InvalidInput
from muscope.backend.settings import Settings
from muscope.backend.storage.blobs.cache import BlobCache
from muscope.backend.storage.blobs.folder import Blobs, BlobStore
from muscope.backend.storage.blobs.remote import Lock, RemoteBlobs

CONNECT_SECONDS = 5
# Of one request, that is, of one part of a file on its way there and of a whole file on its way here.
TRANSFER_SECONDS = 600
# Silence within a request after which the storage has been lost; a part of a file takes less to send.
SILENT_SECONDS = 60
RETRY_SECONDS = 20
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def open_blobs(settings: Settings, *, lock: Lock | None = None) -> Blobs:
    """Return the store of blobs.

    Args:
        settings: name the place; without one it is the folder `blobs` of the data folder.
        lock: guards the bucket on every host, where several serve the same one.

    Raises:
        InvalidInput: `MUSCOPE_BLOBS` cannot be read, or the package for it is not installed.
    """
    if settings.blobs is None:
        return BlobStore(settings.blob_folder)
    address = urlsplit(settings.blobs)
    if address.scheme != "s3" or not address.netloc or address.query or address.fragment:
        raise InvalidInput(
            "settings_invalid", details="MUSCOPE_BLOBS: expected s3://bucket or s3://bucket/prefix"
        )
    files, failures = _s3_files(settings)
    prefix = f"{address.netloc}{address.path.rstrip('/')}"
    cache = BlobCache(settings.cache_folder / "blobs", settings.blob_cache_bytes)
    return RemoteBlobs(files, prefix, cache, failures=failures, lock=lock)


def _s3_files(settings: Settings) -> tuple[Any, tuple[type[Exception], ...]]:
    """Return a file system of buckets, and the exceptions that its library raises."""
    try:  # imported where it is used: most installations keep their blobs in a folder
        from obstore.exceptions import BaseError
        from obstore.fsspec import FsspecStore
    except ImportError as error:
        details = "MUSCOPE_BLOBS: s3:// needs the package obstore; install muscope[s3]"
        raise InvalidInput("settings_invalid", details=details) from error
    options: dict[str, Any] = {"region": settings.blobs_region}
    if settings.blobs_endpoint is not None:
        options |= {"endpoint": settings.blobs_endpoint, "virtual_hosted_style_request": False}
    secret = settings.secret("blobs_secret")
    if settings.blobs_key_id is not None and secret is not None:
        options |= {"access_key_id": settings.blobs_key_id, "secret_access_key": secret}
    is_plain = (settings.blobs_endpoint or "").startswith("http://")
    http: Any = {  # its type is known to the stubs alone
        "allow_http": is_plain,
        "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
        "timeout": timedelta(seconds=TRANSFER_SECONDS),
        "read_timeout": timedelta(seconds=SILENT_SECONDS),
        **_past_proxies(settings.blobs_endpoint),
    }
    files = FsspecStore(
        "s3",
        client_options=http,
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
        **options,
    )
    return files, (BaseError,)


def _past_proxies(endpoint: str | None) -> dict[str, str]:
    """Return options by which storage on this machine is asked directly, whatever the environment names.

    The library takes that proxy unless it is given one, and here one that is used for nothing.
    """
    host = urlsplit(endpoint or "").hostname
    if endpoint is None or host not in _HERE:
        return {}
    return {"proxy_url": endpoint, "proxy_excludes": host}
