"""Kinds of devices and the queue of each: CPU nodes hear `cpu`, GPU nodes hear `gpu`."""

from __future__ import annotations

from enum import StrEnum

CPU = "cpu"
CPU_QUEUE = "cpu"
GPU_QUEUE = "gpu"


class DeviceKind(StrEnum):
    """What cells are planned for."""

    CPU = "cpu"
    GPU = "gpu"


def device_kind(queue: str) -> DeviceKind:
    """Return the kind of the nodes that hear a queue."""
    return DeviceKind.GPU if queue == GPU_QUEUE else DeviceKind.CPU


def is_gpu(device: str) -> bool:
    """Tell a GPU from the CPU, by torch's name of it: `cuda`, `cuda:1`."""
    return device != CPU


def queue_of(device: str) -> str:
    """Return the queue that is rung for a device's nodes."""
    return GPU_QUEUE if is_gpu(device) else CPU_QUEUE
