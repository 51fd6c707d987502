"""Residual MLP in idiomatic JAX: `vmap` over runs, `scan` over steps."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import Any

# Read when JAX starts: one thread, as our side has.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
import numpy as np
from serve import serve

DEPTH = 3
Params = list[jax.Array]


def outputs(params: Params, x: jax.Array) -> jax.Array:
    """Return the outputs [B, C] of one network."""
    h = x @ params[0]
    for weight in params[1:-1]:
        h = h + jax.nn.relu(h) @ weight / DEPTH**0.5
    return jax.nn.relu(h) @ params[-1]


def loss(params: Params, x: jax.Array, y: jax.Array) -> jax.Array:
    """Return the cross-entropy; `y` are one-hot rows."""
    return -(jax.nn.log_softmax(outputs(params, x)) * y).sum(-1).mean()


def init(width: int, num_runs: int) -> Params:
    """Return stacked weights [R, n_in, n_out]."""
    shapes = [(64, width), *[(width, width)] * DEPTH, (width, 10)]
    keys = jax.random.split(jax.random.key(0), len(shapes))
    return [
        jax.random.normal(key, (num_runs, *shape)) * shape[0] ** -0.5
        for key, shape in zip(keys, shapes, strict=True)
    ]


@partial(jax.jit, donate_argnums=0)
def train(params: Params, x: jax.Array, y: jax.Array, index: jax.Array, lr: jax.Array) -> Any:
    """Scan over steps; `index` [T, R, B]."""

    def one(params: Params, x: jax.Array, y: jax.Array, lr: jax.Array) -> tuple[Params, jax.Array]:
        value, gradients = jax.value_and_grad(loss)(params, x, y)
        return [w - lr * g for w, g in zip(params, gradients, strict=True)], value

    def step(params: Params, index: jax.Array) -> tuple[Params, jax.Array]:
        return jax.vmap(one)(params, x[index], y[index], lr)

    return jax.lax.scan(step, params, index)


@jax.jit
def hvp(params: Params, v: Params, x: jax.Array, y: jax.Array) -> Params:
    """Return the stacked Hessian-vector products, forward over reverse."""

    def one(params: Params, v: Params) -> Params:
        return jax.jvp(lambda at: jax.grad(loss)(at, x, y), (params,), (v,))[1]

    return jax.vmap(one)(params, v)


def step(data: str, width: int, num_runs: int, steps: int, batch: int) -> dict[str, Any]:
    """Return seconds per step and run."""
    arrays = np.load(data)
    x, y = jnp.asarray(arrays["x"]), jax.nn.one_hot(arrays["y"].astype(int), 10)
    index = np.random.default_rng(0).integers(0, 1437, (steps, num_runs, batch))
    lr = jnp.full((num_runs,), 0.05)
    params, _ = jax.block_until_ready(train(init(width, num_runs), x, y, index, lr))
    started = time.process_time()
    jax.block_until_ready(train(params, x, y, index, lr))
    return {"seconds": (time.process_time() - started) / (steps * num_runs)}


def product(data: str, width: int, num_runs: int, repeats: int, samples: int) -> dict[str, Any]:
    """Return seconds per product and run."""
    arrays = np.load(data)
    x = jnp.asarray(arrays["x"][:samples])
    y = jax.nn.one_hot(arrays["y"][:samples].astype(int), 10)
    params, v = init(width, num_runs), init(width, num_runs)
    jax.block_until_ready(hvp(params, v, x, y))
    started = time.process_time()
    for _ in range(repeats):
        v = hvp(params, v, x, y)
        norm = sum((part**2).sum() for part in v) ** 0.5
        v = [part / norm for part in v]
    jax.block_until_ready(v)
    return {"seconds": (time.process_time() - started) / (repeats * num_runs)}


if __name__ == "__main__":
    serve(step=step, product=product)
