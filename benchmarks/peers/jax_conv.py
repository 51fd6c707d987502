"""Algorithm of the paper in JAX, written anew: the authors' script has no licence, so none of it is here.

Two 3 × 3 convolutions by `lax`, jitted steps, forward-over-reverse products, ten power iterations from the
last eigenvector on one fixed batch, |λ|. One thread, one run, arrays [B, H, W, channels].
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

# Read when JAX starts: one thread, as our side has.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from serve import serve

POWER_ITERATIONS = 10
FIRST_STRIDE, SECOND_STRIDE = 2, 4
Params = dict[str, jax.Array]


def convolved(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
    """Return the 3 × 3 convolution with one ring of padding."""
    return lax.conv_general_dilated(
        x, kernel, (stride, stride), ((1, 1), (1, 1)), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def pooled(x: jax.Array) -> jax.Array:
    """Return the maximum over 2 × 2 positions."""
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def loss(params: Params, mults: Params, x: jax.Array, y: jax.Array) -> jax.Array:
    """Return the cross-entropy of a network whose weights have forward multipliers; `y` are class indices."""
    h = pooled(jax.nn.relu(convolved(x, params["input"], FIRST_STRIDE) * mults["input"]))
    h = pooled(jax.nn.relu(convolved(h, params["hidden"], SECOND_STRIDE) * mults["hidden"]))
    outputs = h.reshape(len(x), -1) @ params["output"] * mults["output"]
    return -jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None], axis=1).mean()


@partial(jax.jit, donate_argnums=0)
def train_step(
    params: Params, mults: Params, x: jax.Array, y: jax.Array, index: jax.Array, lr: float
) -> tuple[Params, jax.Array]:
    """Update once on the examples `index`."""
    value, gradients = jax.value_and_grad(loss)(params, mults, x[index], y[index])
    return jax.tree.map(lambda w, g: w - lr * g, params, gradients), value


@jax.jit
def power_iteration(
    params: Params, v: Params, mults: Params, x: jax.Array, y: jax.Array
) -> tuple[jax.Array, Params]:
    """Return |λ| and the next vector.

    One product a call: XLA on a CPU runs convolutions inside a loop of its own 4-6 times slower.
    """

    def dot(a: Params, b: Params) -> jax.Array:
        return sum(jax.tree.leaves(jax.tree.map(jnp.vdot, a, b)), jnp.zeros(()))

    product = jax.jvp(lambda at: jax.grad(loss)(at, mults, x, y), (params,), (v,))[1]
    norm = jnp.sqrt(dot(product, product))
    return jnp.abs(dot(v, product)), jax.tree.map(lambda part: part / norm, product)


@dataclass
class Run:
    """Run in training."""

    params: Params
    mults: Params
    v: Params
    x: jax.Array
    y: jax.Array
    probe: tuple[jax.Array, jax.Array]
    index: Any
    lr: float
    step: int = 0


RUNS: dict[str, Run] = {}


def begin(path: str, lr: float) -> dict[str, Any]:
    """Start from given weights; compile, without counting it."""
    arrays = np.load(path)
    x, y = jnp.asarray(arrays["x"].reshape(-1, 32, 32, 3)), jnp.asarray(arrays["y"].astype(np.int32))
    names = ("input", "hidden", "output")
    params = {name: jnp.asarray(arrays[f"weight_{name}"]) for name in names}
    mults = {name: jnp.asarray(arrays[f"mult_{name}"]) for name in names}
    keys = jax.random.split(jax.random.key(0), len(names))
    v = {name: jax.random.normal(key, params[name].shape) for name, key in zip(names, keys, strict=True)}
    norm = jnp.sqrt(sum((part**2).sum() for part in v.values()))
    v = {name: part / norm for name, part in v.items()}
    probe = x[arrays["probe"]], y[arrays["probe"]]
    run = Run(params, mults, v, x, y, probe, arrays["index"], lr)
    copied = jax.tree.map(jnp.copy, params)
    jax.block_until_ready(train_step(copied, mults, x, y, run.index[0], lr))
    jax.block_until_ready(power_iteration(params, v, mults, *probe))
    RUNS["run"] = run
    return {}


def advance(steps: int) -> dict[str, Any]:
    """Measure once and take `steps` steps; processor seconds of each."""
    run = RUNS["run"]
    started = time.process_time()
    for _ in range(POWER_ITERATIONS):
        value, run.v = power_iteration(run.params, run.v, run.mults, *run.probe)
    jax.block_until_ready(run.v)
    measured = time.process_time()
    for _ in range(steps):
        run.params, _ = train_step(run.params, run.mults, run.x, run.y, run.index[run.step], run.lr)
        run.step += 1
    jax.block_until_ready(run.params)
    return {
        "value": measured - started,
        "steps": time.process_time() - measured,
        "sharpness": float(value),
    }


if __name__ == "__main__":
    serve(begin=begin, advance=advance)
