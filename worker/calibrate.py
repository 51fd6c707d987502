"""Names this machine's training environment and measures it, unless stdin says it is known. Imports torch."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from worker.device import calibrate, environment_fingerprint, prepare_process


def main() -> None:
    """Print `{"environment": …, "calibration": … or null}`."""
    known = json.load(sys.stdin)
    prepare_process()
    environment = environment_fingerprint()
    calibration = None if environment == known else asdict(calibrate())
    print(json.dumps({"environment": environment, "calibration": calibration}))


if __name__ == "__main__":
    main()
