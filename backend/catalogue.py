"""The one catalogue of texts, `frontend/locales/{en,ja}.json`, for the API, the report and the logs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from muscope.backend.errors import MuscopeError, RequestFailed
from muscope.backend.resources import LOCALES

LANGUAGES = ("en", "ja")
DEFAULT_LANGUAGE = "en"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return every text of `language`, by key; raises ValueError for a language we do not have."""
    if language not in LANGUAGES:
        raise ValueError(f"language: expected one of {', '.join(LANGUAGES)}, given {language!r}")
    texts: dict[str, str] = json.loads((LOCALES / f"{language}.json").read_text(encoding="utf-8"))
    return texts


def text(key: str, language: str = DEFAULT_LANGUAGE, /, **params: str | int | float) -> str:
    """Return the sentence of `key` with its placeholders filled; raises KeyError for an unknown key."""
    return catalogue(language)[key].format(**params)


def key_of_size(key: str, language: str, *, of_rank: bool) -> str:
    """Return the key of a text in its form for ranks, `key.rank`, where sizes are ranks and it has one."""
    form = f"{key}.rank"
    return form if of_rank and form in catalogue(language) else key


def headline_text(
    part: str, outcome: str, rule: str, language: str = DEFAULT_LANGUAGE, *, of_rank: bool = False
) -> str:
    """Return the words of a rule, or of the outcome where the rule has none of its own.

    Args:
        of_rank: the sizes are ranks of adapters.
        part: `title`, `manager` or `next`.
        rule: code of the rule that decided; `at_limit` for an open answer that seeds do not settle.
    """
    texts = catalogue(language)
    key = f"headline.{rule}.{part}"
    key = key if key in texts else f"outcome.{outcome}.{part}"
    return texts[key_of_size(key, language, of_rank=of_rank)]


def error_text(error: MuscopeError, language: str) -> str:
    """Return what a user reads about an error."""
    if isinstance(error, RequestFailed):
        return error.sentence
    try:
        return text(f"error.{error.code}", language, **error.params)
    except KeyError:
        return str(error)


def preferred_language(accept_language: str | None) -> str:
    """Choose the first of our languages that an Accept-Language header names."""
    for part in (accept_language or "").split(","):
        language = part.split(";")[0].strip().lower().split("-")[0]
        if language in LANGUAGES:
            return language
    return DEFAULT_LANGUAGE
