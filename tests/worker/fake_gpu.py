"""Fake device for tests without a GPU: numbers on the host, in tensors that report another device.

As on a GPU, an operation that mixes tensors of both devices raises, NumPy accepts only tensors copied back,
and tensors made without a device are on the host. Unlike torch, an index on the host is refused as well: each
such index is a hidden copy that waits for the device.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

# The only device besides the host that every build of torch can name; our tensors on it do have numbers.
FAKE = torch.device("meta")
_COPIES = (torch.ops.aten.copy_.default, torch.ops.aten._to_copy.default)


class _Elsewhere(torch.Tensor):
    """Tensor on the fake device; `host` holds its numbers."""

    host: torch.Tensor

    @staticmethod
    def __new__(cls, host: torch.Tensor) -> _Elsewhere:
        made: _Elsewhere = torch.Tensor._make_wrapper_subclass(
            cls,
            host.size(),
            strides=host.stride(),
            storage_offset=host.storage_offset(),
            dtype=host.dtype,
            device=FAKE,
        )
        made.host = host
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        return _run(func, args, kwargs or {})


class _Operations(TorchDispatchMode):
    """Interceptor of operations without a tensor of the device as input: those that make one."""

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class _Literals(TorchFunctionMode):
    """Interceptor that routes `torch.tensor` like every other constructor."""

    def __torch_function__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.tensor and "device" in kwargs:
            place = kwargs.pop("device")
            return torch.tensor(*args, **kwargs).to(place)
        return func(*args, **kwargs)


@contextmanager
def fake_gpu() -> Iterator[torch.device]:
    """Yield the device to code under test."""
    with _Literals(), _Operations():
        yield FAKE


def _run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    given = [each for each in tree_flatten((args, kwargs))[0] if isinstance(each, torch.Tensor)]
    is_there = any(isinstance(each, _Elsewhere) for each in given)
    if kwargs.get("device") is not None:
        is_there = torch.device(kwargs["device"]) == FAKE
        kwargs = kwargs | {"device": torch.device("cpu")}
    elif is_there and func not in _COPIES:
        _refuse_strangers(func, given)
    result = func(*tree_map(_host, args), **tree_map(_host, kwargs))
    if func._schema.is_mutable and isinstance(result, torch.Tensor):
        return args[0]  # in place: the caller keeps the tensor it has
    return tree_map(lambda value: _there(value) if is_there else value, result)


def _refuse_strangers(func: Any, given: list[torch.Tensor]) -> None:
    # A Python number arrives as a host tensor without dimensions; torch allows those with any device.
    strangers = [each for each in given if not isinstance(each, _Elsewhere) and each.dim() > 0]
    if strangers:
        raise RuntimeError(f"{func}: expected all tensors on {FAKE}, found {len(strangers)} on the host")


def _host(value: Any) -> Any:
    return value.host if isinstance(value, _Elsewhere) else value


def _there(value: Any) -> Any:
    return _Elsewhere(value) if isinstance(value, torch.Tensor) else value
