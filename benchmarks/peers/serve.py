"""Answer requests from standard input with JSON lines on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any


def serve(**commands: Callable[..., dict[str, Any]]) -> None:
    """Serve until standard input ends; a request names its command as `do`."""
    for line in sys.stdin:
        request = json.loads(line)
        answer = commands[request.pop("do")](**request)
        print(json.dumps(answer), flush=True)
