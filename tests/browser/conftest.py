"""Real stack and real Chromium, with a page that records every forbidden message and request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from scripts.browser import HOW, find_browser
from tests.browser.verdicts import finish
from tests.system.instance import Instance

# Of Chromium's own window, which a headless one draws for every new profile as well: two processes less and
# half of its processor time. Only the last flag of this name counts, so Playwright's choice is repeated.
_OURS = ("SpareRendererForSitePerProcess", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
_PLAYWRIGHTS = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
)
FLAGS = (
    f"--disable-features={','.join(_PLAYWRIGHTS + _OURS)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Most tests read all that a card has; the choice of a test itself is not overwritten.
FIRST_LEVEL = "localStorage.getItem('muscope.level') ?? localStorage.setItem('muscope.level', '\"%s\"')"
LOCALES = {"en": "en-GB", "ja": "ja-JP"}
expect.set_options(timeout=30_000)  # of milliseconds; its five seconds are too few on a busy machine


@pytest.fixture(scope="session")
def plain(instance: Instance) -> str:
    """Return a finished experiment with the plan of `verdicts.finish`, to be read and left as it is."""
    return finish(instance)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_browser()
    assert path is not None, HOW
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        yield launched
        launched.close()


@dataclass
class Visit:
    """One page and its recorded events; `allowed` are console messages that a test provokes on purpose."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    allowed: tuple[str, ...] = ()

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def check(self) -> None:
        """Fail on a console message, a policy report, or a request to another origin."""
        unexpected = [line for line in self.complaints if not any(re.search(a, line) for a in self.allowed)]
        assert unexpected == []
        local = (self.url + "/", f"blob:{self.url}/", "data:")
        assert [url for url in self.requests if not url.startswith(local)] == []


@pytest.fixture
def visit(instance: Instance, browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Open visits, each with an empty profile; all are checked at the end."""
    visits = []

    def start(
        language: str = "en", *, width: int = 1280, height: int = 900, level: str = "engineer"
    ) -> Visit:
        context = browser.new_context(
            locale=LOCALES[language], viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        made = Visit(context.new_page(), instance.url)
        made.page.add_init_script(FIRST_LEVEL % level)
        made.page.set_default_timeout(30_000)
        made.page.on("console", lambda message: _note(made, message.type, message.text))
        made.page.on("pageerror", lambda error: made.complaints.append(f"pageerror: {error}"))
        made.page.on("request", lambda request: made.requests.append(request.url))
        visits.append(made)
        return made

    yield start
    for made in visits:
        made.page.unroute_all(behavior="wait")  # a changed answer may still be on its way
        made.page.context.close()
    for made in visits:
        made.check()


def _note(visit: Visit, kind: str, text: str) -> None:
    if kind in ("error", "warning") or "Content Security Policy" in text:
        visit.complaints.append(f"{kind}: {text}")
