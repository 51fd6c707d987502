"""The report as one HTML file: no script, no request, its own strict policy inside."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from muscope.backend.report.contents import Contents
from muscope.backend.report.fonts import font_style
from muscope.backend.report.words.say import Words

# ASCII is always part of the fonts: page numbers are written by the printing program.
ALWAYS = "".join(map(chr, range(0x20, 0x7F)))


class Rendered(NamedTuple):
    """One HTML file, and the policy under which it is to be served."""

    html: str
    policy: str


def render(contents: Contents, words: Words) -> Rendered:
    """Return the file; whatever a user named is escaped by the template engine."""
    style = files(__package__).joinpath("templates", "report.css").read_text(encoding="utf-8")
    params = {
        "language": words.language,
        "document": contents.document,
        "page": contents.page,
        "sections": contents.sections,
        "say": words.say,
        "style": Markup(style),  # ours, and free of "</"
    }
    template = _environment().get_template("report.html")
    # First without fonts, to see which characters there are.
    text = template.render(params, fonts="", policy="")
    fonts = font_style(ALWAYS + "".join(sorted(set(text))))
    policy = policy_of(fonts, style)
    return Rendered(template.render(params, fonts=Markup(fonts), policy=policy), policy)


def policy_of(*styles: str) -> str:
    """Return the policy: nothing but these two style sheets, by hash, and fonts that lie in the file."""
    hashes = " ".join(f"'sha256-{_digest(style)}'" for style in styles)
    return f"default-src 'none'; style-src {hashes}; font-src data:; base-uri 'none'; form-action 'none'"


def _digest(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("muscope.backend.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
