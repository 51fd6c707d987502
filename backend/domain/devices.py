"""Kinds of devices and their queues: CPU nodes listen to `cpu`, GPU nodes to `gpu`."""

from __future__ import annotations

from enum import StrEnum

CPU = "cpu"
CPU_QUEUE = "cpu"
GPU_QUEUE = "gpu"


class DeviceKind(StrEnum):
    """Kind of device that cells are planned for."""

    CPU = "cpu"
    GPU = "gpu"


def device_kind(queue: str) -> DeviceKind:
    """Return the kind of the nodes that listen to a queue."""
    return DeviceKind.GPU if queue == GPU_QUEUE else DeviceKind.CPU


def is_gpu(device: str) -> bool:
    """Return whether a torch device name such as `cuda` or `cuda:1` is a GPU."""
    return device != CPU


def queue_of(device: str) -> str:
    """Return the queue of a device's nodes."""
    return GPU_QUEUE if is_gpu(device) else CPU_QUEUE
