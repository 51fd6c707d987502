"""Prints the GPUs a worker on this machine may use, as a JSON list of names. Imports torch."""

from __future__ import annotations

import json

from muscope.worker.device import visible_gpus


def main() -> None:
    """Print `["cuda:0", …]`; what cannot be used is named on stderr."""
    print(json.dumps(visible_gpus()))


if __name__ == "__main__":
    main()
