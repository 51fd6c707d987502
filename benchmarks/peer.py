"""Environment of the peers, made on demand, and a peer as a process that answers requests in JSON lines.

Peers stay out of the project's environment. Theirs sees the project's torch, numpy and scipy through a path
file, so that both sides run on the same kernels and nothing large is downloaded twice.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / "build" / "bench-peers"
PEERS = Path(__file__).resolve().parent / "peers"


def peer_python() -> Path:
    """Return the interpreter of the peers' environment, installing it first where it is not complete."""
    python = ENVIRONMENT / "bin" / "python"
    wanted = (PEERS / "requirements.txt").read_text(encoding="utf-8")
    done = ENVIRONMENT / "installed.txt"
    if done.exists() and done.read_text(encoding="utf-8") == wanted:
        return python
    print("installing the peers into build/bench-peers …", flush=True)
    venv.create(ENVIRONMENT, with_pip=True, clear=True, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(ENVIRONMENT)}))
    (packages / "project.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    install = (python, "-m", "pip", "install", "-q", "--no-deps", "-r", PEERS / "requirements.txt")
    subprocess.run(install, check=True)
    done.write_text(wanted, encoding="utf-8")
    return python


class Peer:
    """Peer script, alive between requests; closes with the `with` block."""

    def __init__(self, script: str, *, threads: int) -> None:
        environment = os.environ | {
            "OMP_NUM_THREADS": str(threads),
            "MKL_NUM_THREADS": str(threads),
            "PYTHONWARNINGS": "ignore",
            "JAX_PLATFORMS": "cpu",
        }
        command = (peer_python(), PEERS / f"{script}.py")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send one request and wait for its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        # Lines that a library prints are no answer.
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        message = f"the peer {self._process.args!r} died with {self._process.wait()}"
        raise RuntimeError(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


if __name__ == "__main__":
    sys.exit(print(peer_python()))
