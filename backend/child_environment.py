"""The environment of a child process: ours, copied unread, plus what the child needs.

Settings are read in `settings.py` and nowhere else; this module looks at no variable.
"""

from __future__ import annotations

import os

# One training thread per process: the pool already has one process per core, and the number of
# threads changes the order of floating-point sums; nothing that changes bits is left to chance.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
# Without the first cuBLAS may choose another order of sums each time; read when CUDA starts, so set before.
# The second is for a brought model that compiles parts of itself: no kernel is chosen by its time.
FOR_TORCH = {**ONE_THREAD, "CUBLAS_WORKSPACE_CONFIG": ":4096:8", "TORCHINDUCTOR_DETERMINISTIC": "1"}


def child_environment(**extra: str) -> dict[str, str]:
    """Return a copy of our environment with `extra` on top."""
    return {**os.environ, **extra}
