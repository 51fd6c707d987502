"""Small colour images of ten shapes and patterns, drawn from seeded random numbers.

Neither place, size, angle nor colour tells the class, so that a linear map of the pixels sees little;
noise that knows nothing of the class keeps any network from being sure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHAPE_NAMES = (
    "disc", "ring", "square", "frame", "triangle", "plus", "cross", "horizontal", "vertical", "chequered",
)  # fmt: skip
NUM_IMAGES = 4000
SIZE = 16
_SEED = 1616
_NOISE = 0.08  # of the range from black to white

Floats = NDArray[np.float64]


def draw_shapes() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images [n, 16, 16, 3] and classes [n], as many of each class, in mixed order."""
    rng = np.random.Generator(np.random.PCG64(_SEED))
    codes = rng.permutation(np.arange(NUM_IMAGES) % len(SHAPE_NAMES))
    cover = _cover(rng, codes)[..., None]
    colours = _colours(rng)
    shade = 0.15 * _gradient(rng)[..., None]
    noise = _NOISE * rng.standard_normal((NUM_IMAGES, SIZE, SIZE, 3))
    light = colours[0] * cover + colours[1] * (1 - cover) + shade + noise
    # Whole grey levels: a last digit that differs between machines does not change the images.
    return np.clip(np.rint(255 * light), 0, 255).astype(np.uint8), codes


def _colours(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the shape's and the background's colour [n, 1, 1, 3]; some pairs are hard to tell apart."""
    middle = rng.uniform(0.3, 0.7, (NUM_IMAGES, 1, 1, 3))
    direction = rng.standard_normal((NUM_IMAGES, 1, 1, 3))
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    half = rng.uniform(0.2, 0.45, (NUM_IMAGES, 1, 1, 1)) * direction
    return middle + half, middle - half


def _gradient(rng: np.random.Generator) -> Floats:
    """Return light that falls from one side, between -1 and 1 [n, 16, 16]."""
    angle = rng.uniform(0, 2 * np.pi, (NUM_IMAGES, 1, 1))
    y, x = (np.mgrid[:SIZE, :SIZE] / (SIZE - 1) * 2 - 1)[:, None]
    light: Floats = (np.cos(angle) * x + np.sin(angle) * y) / np.sqrt(2)
    return light


def _cover(rng: np.random.Generator, codes: NDArray[np.int64]) -> Floats:
    """Return how much of each pixel the shape covers [n, 16, 16], with soft edges of one pixel."""
    radius = rng.uniform(4.5, 7, (NUM_IMAGES, 1, 1))
    centre = rng.uniform(-1, 1, (2, NUM_IMAGES, 1, 1)) * (8.5 - radius) + (SIZE - 1) / 2
    angle = rng.uniform(-0.3, 0.3, (NUM_IMAGES, 1, 1))
    phase = rng.uniform(0, 2 * np.pi, (2, NUM_IMAGES, 1, 1))
    y, x = np.mgrid[:SIZE, :SIZE][:, None] - centre
    u, v = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    inside = np.stack(_signed_distances(u, v, radius, phase))[codes, np.arange(NUM_IMAGES)]
    return np.clip(inside + 0.5, 0, 1)


def _signed_distances(u: Floats, v: Floats, radius: Floats, phase: Floats) -> list[Floats]:
    """Return for each class how far inside its shape a pixel is, in pixels; negative outside."""
    box = np.maximum(abs(u), abs(v))
    round_ = np.hypot(u, v)
    width = np.maximum(1.0, 0.25 * radius)
    p, q = (u + v) / np.sqrt(2), (u - v) / np.sqrt(2)

    def bars(a: Floats, b: Floats) -> Floats:
        near, far = np.minimum(abs(a), abs(b)), np.maximum(abs(a), abs(b))
        depth: Floats = np.minimum(width - near, radius - far)
        return depth

    wave_u, wave_v = (np.sin(2 * np.pi * a / (0.9 * radius) + f) for a, f in zip((u, v), phase, strict=True))
    sides = np.maximum(v, -0.5 * v + np.sqrt(0.75) * abs(u))
    return [
        0.85 * radius - round_,
        np.minimum(radius - round_, round_ - radius + 1.6 * width),
        0.75 * radius - box,
        np.minimum(0.9 * radius - box, box - 0.9 * radius + 1.6 * width),
        0.6 * radius - sides,
        bars(u, v),
        bars(p, q),
        np.minimum(1.2 * wave_v, radius - box),
        np.minimum(1.2 * wave_u, radius - box),
        np.minimum(1.8 * wave_u * wave_v, radius - box),
    ]
