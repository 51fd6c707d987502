"""Print the borders and best learning rates of the optimizers named, of all without names.

python -m studies.borders [optimizer …]
"""

from __future__ import annotations

import sys

import torch

from studies.borders.measuring import OPTIMIZERS, measure, settings


def main() -> None:
    """Print one line a grid."""
    torch.set_num_threads(1)
    names = sys.argv[1:] or list(OPTIMIZERS)
    print("optimizer | family | loss | width | log2 half survival | log2 best")
    for setting in settings():
        for name in names:
            found = measure(setting, OPTIMIZERS[name])
            print(
                f"{name} | {setting.family} | {setting.loss} | {setting.width} "
                f"| {found.half_survival:.1f} | {found.best:.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
