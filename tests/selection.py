"""Files that a wish for marks can leave unread: importing all of them takes each process half a minute."""

from __future__ import annotations

import re

# `-m "system or browser"`: marks of which one is enough, and nothing else.
_ONE_OF = re.compile(r"\w+(?: or \w+)*")
_SPELLED_OUT = re.compile(r"pytestmark = \[?\s*pytest\.mark\.")


def may_be_wanted(source: str, expression: str) -> bool:
    """Tell whether a file of tests may hold one that `-m expression` selects.

    A mark is written in the file of its test. A file whose `pytestmark` comes from another one may hold any,
    and so may every file where the wish is not a mere choice of marks.
    """
    marks = expression.split(" or ")
    if not _ONE_OF.fullmatch(expression) or "not" in marks:
        return True
    is_elsewhere = "pytestmark" in _SPELLED_OUT.sub("", source)
    return is_elsewhere or any(f"mark.{mark}" in source for mark in marks)
