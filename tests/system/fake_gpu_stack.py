"""Stack that treats the CPU as a GPU: `python -m tests.system.fake_gpu_stack`.

Its only node is that of `cuda:0`, started and queued as such; its child processes use the CPU.
"""

from __future__ import annotations

import dataclasses
import sys

from muscope.backend.settings import Settings
from muscope.backend.stack.processes import Service
from muscope.backend.stack.run import run
from muscope.backend.stack.start_order import StartOrder, embedded_start_order


def start_order(settings: Settings) -> StartOrder:
    """Return the real services of a machine with one GPU."""
    real = embedded_start_order(settings, find=lambda _: ("cuda:0",))
    return dataclasses.replace(real, services=tuple(_on_cpu(service) for service in real.services))


def _on_cpu(service: Service) -> Service:
    if "MUSCOPE_DEVICES" not in service.environment:
        return service
    return dataclasses.replace(service, environment={**service.environment, "MUSCOPE_DEVICES": "cpu"})


if __name__ == "__main__":
    sys.exit(run(Settings(), choose_order=start_order))
