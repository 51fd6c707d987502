"""A stack that takes the CPU for a GPU: `python -m tests.system.fake_gpu_stack`.

Its only node is that of `cuda:0`, started and queued as such; its children are told to use the CPU.
"""

from __future__ import annotations

import dataclasses
import sys

from backend import stack
from backend.processes import Service
from backend.settings import Settings


def plan(settings: Settings) -> stack.Plan:
    """Return the real services of a machine with one GPU."""
    real = stack.embedded_plan(settings, find=lambda _: ("cuda:0",))
    return dataclasses.replace(real, services=tuple(_on_cpu(service) for service in real.services))


def _on_cpu(service: Service) -> Service:
    if "MUSCOPE_DEVICES" not in service.environment:
        return service
    return dataclasses.replace(service, environment={**service.environment, "MUSCOPE_DEVICES": "cpu"})


if __name__ == "__main__":
    sys.exit(stack.run(Settings(), make_plan=plan))
