"""Take the pictures of the experiment page that the README shows, in both languages.

    make run                                              # in another terminal; let an experiment end there
    .venv/bin/python -m scripts.screenshots http://127.0.0.1:8000/experiments/<id>

Writes docs/images/experiment-{en,ja}.png: the card with the answer and the first figure.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from scripts.browser import HOW, find_browser

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
LOCALES = {"en": "en-GB", "ja": "ja-JP"}
WIDTH = 1240
MARGIN = 16
NUM_COLOURS = 256


def main(arguments: list[str]) -> None:
    """Take both pictures of the experiment at the address given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address", help="of an experiment that has ended")
    address = parser.parse_args(arguments).address
    path = find_browser()
    if path is None:
        sys.exit(HOW)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for language in LOCALES:
            save(take(browser, address, language), FOLDER / f"experiment-{language}.png")
        browser.close()


def take(browser: Browser, address: str, language: str) -> bytes:
    """Return the page from its top to the end of the first figure, as a PNG."""
    page = browser.new_page(
        locale=LOCALES[language], viewport={"width": WIDTH, "height": 2400}, reduced_motion="reduce"
    )
    page.goto(address)
    page.locator("#verdict").wait_for()
    figure = page.locator("[data-figure=lr_loss]")
    figure.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('#figure-lr_loss')?.data?.length > 0")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    page.evaluate("() => scrollTo(0, 0)")
    box = figure.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] + MARGIN
    picture = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
    page.close()
    return picture


def save(picture: bytes, path: Path) -> None:
    """Write a PNG with few colours; those of the thin lines count as much as those of large areas."""
    full = Image.open(io.BytesIO(picture)).convert("RGB")
    full.quantize(NUM_COLOURS, method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
