"""Parts of pages that are written from the product itself, so that they cannot differ from it.

A line `{{name}}` of a page stands for one of them. Each is a function of the language that returns Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from muscope.backend.handbook.generated.api_reference import api_reference
from muscope.backend.handbook.generated.commands import command_reference
from muscope.backend.handbook.generated.settings_table import settings_table
from muscope.backend.handbook.generated.words import words

_DIRECTIVE = re.compile(r"^\{\{(\w+)\}\}$", re.MULTILINE)


def with_generated_parts(text: str, language: str, docs: Path) -> str:
    """Return a page's Markdown with its generated parts; raises KeyError for a name that is none."""
    parts: Mapping[str, Callable[[], str]] = {
        "api": lambda: api_reference(docs, language),
        "commands": lambda: command_reference(language),
        "settings": lambda: settings_table(language),
        "words": lambda: words(language),
    }
    return _DIRECTIVE.sub(lambda found: parts[found[1]](), text)
