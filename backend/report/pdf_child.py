"""The printing child: HTML on stdin, PDF on stdout. Run as a file, so that it needs no package of ours.

The printing library is native code: in a process of its own nothing it does can end the server. Everything
the report needs lies in the file; whatever else it would fetch is refused.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys

import plutoprint

CPU_SECONDS = 60
# Of fonts, layout and the file; a report takes about 150 MB.
MEMORY_BYTES = 2 << 30


class Refusing(plutoprint.ResourceFetcher):
    """Fetches nothing: neither files of the server nor addresses."""

    def fetch_url(self, url: str) -> plutoprint.ResourceData:
        """Refuse; the library leaves the resource out."""
        raise OSError(f"refused: {url[:80]}")


def main() -> None:
    """Print the report."""
    with contextlib.suppress(ValueError, OSError):  # macOS knows some limits by name only
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the library says goes to the log
    book = plutoprint.Book(plutoprint.PAGE_SIZE_A4, plutoprint.PAGE_MARGINS_NONE)
    book.custom_resource_fetcher = Refusing()
    book.load_html(sys.stdin.buffer.read().decode("utf-8"))
    book.set_metadata(plutoprint.PDF_METADATA_CREATOR, "µScope")
    book.write_to_pdf_stream(out)
    out.flush()


if __name__ == "__main__":
    main()
