"""A plain table with a noisy label, that advice is given on."""

import numpy as np

from tests.backend.ingest.tables import label_of, numbers

RNG = np.random.Generator(np.random.PCG64(11))
N = 400
X = RNG.normal(size=(N, 3))
OTHERS = [numbers(f"x{place}", column) for place, column in enumerate(X.T)]
NOISY = label_of(X[:, 0] + RNG.normal(size=N))
CLASSES = label_of(["good" if noisy > 0 else "bad" for noisy in NOISY.values])
