"""Our re-implementation of the paper's algorithm in JAX: its script has no licence, so none of it is here.

The two-layer conv net, one run at a time: a jitted SGD step; sharpness by warm power iterations with
forward-over-reverse Hessian-vector products on a fixed probe.
"""

from __future__ import annotations

import os
import time
from typing import Any

# Read when JAX starts: one thread, as our side has.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
from jax import lax
from serve import serve

ITERATIONS = 10
Params = list[jax.Array]


def outputs(params: Params, x: jax.Array) -> jax.Array:
    """Return [B, C] of images [B, H, W, channels]."""
    h = _pooled(jax.nn.relu(_convolved(x, params[0], 2)))
    h = _pooled(jax.nn.relu(_convolved(h, params[1], 4)))
    return h.reshape(len(x), -1) @ params[2]


def _convolved(x: jax.Array, weight: jax.Array, stride: int) -> jax.Array:
    padding = ((1, 1), (1, 1))
    return lax.conv_general_dilated(
        x, weight, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def _pooled(x: jax.Array) -> jax.Array:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def loss(params: Params, x: jax.Array, y: jax.Array) -> jax.Array:
    """Return the mean cross-entropy."""
    log_p = jax.nn.log_softmax(outputs(params, x))
    return -jnp.take_along_axis(log_p, y[:, None], 1).mean()


@jax.jit
def update(params: Params, x: jax.Array, y: jax.Array) -> Params:
    """Take one SGD step."""
    return [w - 0.05 * g for w, g in zip(params, jax.grad(loss)(params, x, y), strict=True)]


@jax.jit
def sharpness(params: Params, v: Params, x: jax.Array, y: jax.Array) -> tuple[jax.Array, Params]:
    """Return the value and the vector after warm power iterations."""

    def once(_: int, carry: tuple[Params, jax.Array]) -> tuple[Params, jax.Array]:
        v, _ = carry
        product = jax.jvp(lambda at: jax.grad(loss)(at, x, y), (params,), (v,))[1]
        norm = sum((part**2).sum() for part in product) ** 0.5
        return [part / norm for part in product], norm

    v, value = lax.fori_loop(0, ITERATIONS, once, (v, jnp.zeros(())))
    return value, v


def measure(width: int, steps: int, batch: int, probe: int) -> dict[str, Any]:
    """Return processor seconds of one step and of one sharpness value."""
    keys = jax.random.split(jax.random.key(0), 5)
    shapes = [(3, 3, 3, width), (3, 3, width, width), (width, 10)]
    params = [0.1 * jax.random.normal(key, shape) for key, shape in zip(keys[:3], shapes, strict=True)]
    x, y = jax.random.normal(keys[3], (512, 32, 32, 3)), jax.random.randint(keys[4], (512,), 0, 10)
    jax.block_until_ready(update(params, x[:batch], y[:batch]))
    _, v = jax.block_until_ready(sharpness(params, params, x[:probe], y[:probe]))
    started = time.process_time()
    for _ in range(steps):
        params = update(params, x[:batch], y[:batch])
    jax.block_until_ready(params)
    step = (time.process_time() - started) / steps
    started = time.process_time()
    jax.block_until_ready(sharpness(params, v, x[:probe], y[:probe]))
    return {"step": step, "value": time.process_time() - started}


if __name__ == "__main__":
    serve(measure=measure)
