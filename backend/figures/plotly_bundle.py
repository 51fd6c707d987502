"""plotly.js as the page loads it (the *basic* bundle in `frontend/vendor`), and what it would write there.

Our content security policy forbids style elements that scripts create. plotly.js (read in 4.1.1) makes two:

- Its own rules, one by one, into `<style id="plotly.js-style-global">`. It leaves them out when an element
  with that id and the class `no-inline-styles` exists; the page then brings the rules: `/static/plotly.css`.
- Those of the map library, when its script runs, unless an element with a certain id (a hash) exists.
  µScope draws no maps, so an empty element with that id is enough.

So a page has, before it loads the script:

    <link rel="stylesheet" href="/static/plotly.css" id="plotly.js-style-global" class="no-inline-styles">
    <meta id="(each of `plotly_marks` in /static/config.json)">

Drawing and exporting then cause no report either, as long as texts hold no pseudo-HTML but `<br>`: `<b>` and
its like become `style` attributes, so figures set `font.weight` instead. Nothing here imports the package
`plotly`: that takes longer than to serve its file.
"""

from __future__ import annotations

import ast
import gzip
import hashlib
import re
from functools import cached_property
from pathlib import Path

from muscope.backend.resources import FRONTEND

SCRIPT = FRONTEND / "vendor" / "plotly-basic-4.1.1.min.js"
_GZIP_LEVEL = 9
_STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_RULE = re.compile(rf"({_STRING}|\w+):({_STRING})")
_RULES = re.compile(rf'\{{"X,X div":(?:{_STRING})(?:,(?:{_STRING}|\w+):(?:{_STRING}))*\}}')
_MARK = re.compile(r'getElementById\("([0-9a-f]{64})"\)\)\{var \w+=document\.createElement\("style"\)')


RECIPE = """\
/* The rules plotly.js would write into the page, which the content security policy forbids. Before the script
   loads, the page needs
     <link rel="stylesheet" href="/static/plotly.css" id="plotly.js-style-global" class="no-inline-styles">
   and one empty element, say <meta id="…">, for each id in `plotly_marks` of /static/config.json. */
"""


class PlotlyBundle:
    """The script with its hash, compressed once, and the style rules found in it."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or SCRIPT

    @cached_property
    def script(self) -> bytes:
        return self._path.read_bytes()

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.script, _GZIP_LEVEL, mtime=0)

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.script).hexdigest()[:16]

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """The ids of the other style elements that the script would create."""
        return tuple(_MARK.findall(self.script.decode()))

    @cached_property
    def stylesheet(self) -> str:
        """The rules of plotly.js, last one first: it inserts each before those it has.

        Raises:
            ValueError: this version of plotly.js keeps its rules in another form.
        """
        found = _RULES.search(self.script.decode())
        if found is None:
            raise ValueError(f"{self._path}: expected the style rules of plotly.js, found none")
        rules = [(_unquoted(name), _unquoted(rule)) for name, rule in _RULE.findall(found[0])]
        return RECIPE + "".join(f"{_selector(name)} {{{rule}}}\n" for name, rule in reversed(rules))


def _unquoted(literal: str) -> str:
    return str(ast.literal_eval(literal)) if literal[0] in "\"'" else literal


def _selector(name: str) -> str:
    """Return a selector of the page: X stands for a plot, Y for a notice."""
    return name.replace("X", ".js-plotly-plot .plotly").replace("Y", ".plotly-notifier")
