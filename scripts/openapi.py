"""Write what tests compare with the app: docs/openapi.json, and the options that tests of the page read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from muscope.backend.api.app import create_app
from muscope.backend.api.site.description import COMMITTED, generated
from muscope.backend.domain.plan.options import plan_options
from muscope.backend.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
TARGET = COMMITTED
OPTIONS = ROOT / "tests" / "frontend" / "options.json"


def document() -> str:
    """Return the document as it is committed: keys sorted, one value a line, so that a diff can be read."""
    return _json(generated(create_app(Settings())), sort_keys=True)


def options() -> str:
    """Return the options of a plan as the API answers them, without the limits of an installation."""
    return _json(plan_options().model_dump(mode="json"))


def _json(content: Any, *, sort_keys: bool = False) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=sort_keys) + "\n"


def main() -> None:
    """Write both."""
    TARGET.write_text(document(), encoding="utf-8")
    OPTIONS.write_text(options(), encoding="utf-8")


if __name__ == "__main__":
    main()
