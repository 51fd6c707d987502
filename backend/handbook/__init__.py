"""The documentation site: Markdown of `docs/` in, HTML of our own template out, no inline scripts.

`site.py` builds, `cache.py` decides when (ADR 0037). Nothing here knows the web framework or the database.
"""
