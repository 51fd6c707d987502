"""Production services until the input ends: `python -m tests.system.production.serve FOLDER`.

Restarts whatever ends, as a container engine would. FOLDER/stack.json has the address of the page and the
process of each service. A line `SERVICE FAULT SECONDS` disturbs the network between a service and ours;
`backup FILE STATUS` writes a backup, and its exit status into the second file.
"""

from __future__ import annotations

import json
import select
import sys
from pathlib import Path

from tests.servers.proxy import Fault
from tests.system.production.compose import Production, production

POLL_SECONDS, BACKUP_SECONDS = 0.25, 300.0
# Times as they are delivered, and one training process for each of the two workers.
DELIVERED = {"MUSCOPE_WORKER_SLOTS": "1"}


def main(folder: Path) -> None:
    """Serve until standard input ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with production(folder, timing=DELIVERED, has_proxies=True) as services:
        while True:
            services.restart_ended()
            _write(folder, services)
            if select.select([sys.stdin], [], [], POLL_SECONDS)[0]:
                if not (line := sys.stdin.readline()):
                    return
                _obey(services, *line.split())


def _obey(services: Production, first: str, second: str, third: str) -> None:
    if first == "backup":
        status = services.ours_once("web", "backup", second, seconds=BACKUP_SECONDS)
        draft = Path(f"{third}.new")
        draft.write_text(str(status))
        draft.replace(third)
    else:
        services.proxies[first].disturb(Fault(second), float(third))


def _write(folder: Path, services: Production) -> None:
    url = f"http://127.0.0.1:{services.ports['web']}"
    draft = folder / "stack.json.new"
    draft.write_text(json.dumps({"url": url, "children": services.pids()}))
    draft.replace(folder / "stack.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
