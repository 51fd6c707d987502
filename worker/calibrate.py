"""Names this machine's training environment and measures it. Imports torch."""

from __future__ import annotations

import json
from dataclasses import asdict

from worker.device import calibrate, environment_fingerprint, prepare_process


def main() -> None:
    """Print `{"environment": …, "calibration": …}`."""
    prepare_process()
    print(json.dumps({"environment": environment_fingerprint(), "calibration": asdict(calibrate())}))


if __name__ == "__main__":
    main()
