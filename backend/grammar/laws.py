"""Scaling law as it is typed: `E,ALPHA`."""

from __future__ import annotations

from muscope.backend.errors import InvalidInput


def law_parts(text: str) -> dict[str, float] | None:
    """Return E and α of a law by the names of the REST API; None for `none`.

    Raises InvalidInput for anything but two numbers.
    """
    if text.strip().lower() == "none":
        return None
    try:
        irreducible, exponent = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidInput("sweep.bad_law", given=text) from error
    return {"irreducible": irreducible, "exponent": exponent}
