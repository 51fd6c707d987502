"""Write the OpenAPI document of the API to docs/openapi.json, which a test compares with the app."""

from __future__ import annotations

import json
from pathlib import Path

from backend.api.app import create_app
from backend.settings import Settings

TARGET = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def document() -> str:
    """Return the document as it is committed: keys sorted, one value a line, so that a diff can be read."""
    content = create_app(Settings()).openapi()
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write the document."""
    TARGET.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
