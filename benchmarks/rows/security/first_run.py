"""First run: no credential that comes with the product, and no open server without protection."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.report import RowResult
from benchmarks.rows.security.sign_in import make_admin
from benchmarks.stack import Stack, running

NAMES = ("admin", "root", "local", "muscope", "test", "user", "administrator", "guest", "demo", "operator")
PASSWORDS = (
    "admin",
    "password",
    "muscope",
    "root",
    "123456",
    "changeme",
    "",
    "local",
    "password1234",
    "letmein",
)
OPEN_HOSTS = ("0.0.0.0", "::", "192.0.2.7")
REFUSED = 2
# Answers before anybody has signed in, besides the pages themselves. None of them holds data: who is asking,
# whether a link is valid, the API's description, its errors' sentences, the provider that signs people in.
PUBLIC = frozenset(
    {
        *("/api/v1/session", "/api/v1/invitation", "/api/v1/openapi.json"),
        *("/api/v1/problems", "/api/v1/session/provider"),
    }
)


def first_run() -> RowResult:
    """Common credentials before and after the first admin, an open bind, and every list without a session."""
    with TemporaryDirectory() as folder:
        opened = [host for host in OPEN_HOSTS if _exit_status(Path(folder) / "open", host) != REFUSED]
        with running(Path(folder) / "data") as stack:
            before = _let_in(stack)
            make_admin(stack)
            after = _let_in(stack)
            shown = _answers_without_session(stack)
    return judged(opened, [*before, *after], shown)


def judged(opened: list[str], let_in: list[str], shown: list[str]) -> RowResult:
    """Return the row's result."""
    wrong = len(opened) + len(let_in) + len(shown)
    notes = [
        f"{len(NAMES) * len(PASSWORDS)} pairs of name and password, before and after the first admin; "
        f"{len(OPEN_HOSTS)} addresses that others reach, without an admin.",
        *(f"served on {host}" for host in opened),
        *(f"let in: {pair}" for pair in let_in),
        *(f"answers without a session: {path}" for path in shown),
    ]
    return RowResult(f"{wrong}_let_in", "0_let_in", wrong == 0, notes=notes)


def _exit_status(data: Path, host: str) -> int:
    command = (sys.executable, "-m", "muscope.backend.cli", "serve")
    environment = os.environ | {"MUSCOPE_DATA": str(data), "MUSCOPE_HOST": host, "PORT": "0"}
    try:
        return subprocess.run(
            command, env=environment, capture_output=True, timeout=300, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return 0  # it serves


def _let_in(stack: Stack) -> list[str]:
    """Return the pairs that begin a session; a refusal to try further is none."""
    pairs = product(NAMES, PASSWORDS)
    with httpx.Client(base_url=f"{stack.url}/api/v1", timeout=60) as client:
        return [
            f"{name}:{password}"
            for name, password in pairs
            if client.post("/session", json={"name": name, "password": password}).is_success
        ]


def _answers_without_session(stack: Stack) -> list[str]:
    """Return the addresses without parameters that answer 200 to nobody."""
    with httpx.Client(base_url=stack.url, timeout=60) as client:
        document = client.get("/api/v1/openapi.json")
        if document.status_code == 401:  # its description is behind the sign-in too
            paths = ["/api/v1/datasets", "/api/v1/experiments", "/api/v1/status", "/api/v1/users", "/metrics"]
        else:
            paths = [path for path, methods in document.json()["paths"].items() if "get" in methods]
        asked = [path for path in paths if "{" not in path and path.startswith(("/api/", "/metrics"))]
        return [path for path in asked if path not in PUBLIC and client.get(path).status_code == 200]
