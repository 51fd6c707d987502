"""Stored hostile texts, shown by every page and report of a product in a real browser.

Each page is opened twice: without its policy, so that only the way it shows texts keeps a script from
running, and with it, so that a report of the policy tells of markup that came in.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page

from benchmarks.report import RowResult
from benchmarks.rows.security.scripts_as_text import Held, fill, payloads
from benchmarks.stack import Stack, open_browser, running

PASSWORD = "lamp otter nineteen gravel"
GOAL_PAYLOADS = 60
# Time in which figures and late parts of a page come.
SETTLE_MILLISECONDS = 2000
_RAN, _REPORTED = "canary-ran", "canary-policy"
_WATCH = f"""
window.canary = () => console.log("{_RAN} " + location.href);
addEventListener("securitypolicyviolation", (event) =>
  console.log("{_REPORTED} " + event.violatedDirective + " " + event.blockedURI + " " + event.sample));
"""
# Opens what is folded, and counts elements that a text has made.
_LOOK = """() => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  const addresses = ["href", "src", "action", "formaction", "data", "xlink:href"];
  const isMade = (element) => [...element.attributes].some(({name, value}) =>
    value.includes("canary") && (name.startsWith("on") || name === "srcdoc"
      || (addresses.includes(name) && /^\\s*(javascript|data):/i.test(value))));
  return [...document.querySelectorAll("*")].filter((element) => isMade(element)
    || (element.tagName === "SCRIPT" && element.textContent.includes("canary"))).length;
}"""
_INSERT = """(texts) => {
  for (const text of texts) {
    const place = document.body.appendChild(document.createElement("div"));
    place.innerHTML = text;
  }
}"""


class Seen(NamedTuple):
    """One visit of a page: scripts that ran, reports of the policy, elements that a text has made."""

    page: str
    ran: int
    reported: int
    made: int


def stored_scripts() -> RowResult:
    """Hostile texts in every field × every page and report, with the page's policy and without it."""
    with TemporaryDirectory() as folder, running(Path(folder) / "data") as stack, open_browser() as browser:
        held = fill(stack)
        names_taken = _hostile_user_names(stack)
        cookies = _first_admin(stack, Path(folder) / "data")
        files = list(_reports(stack, Path(folder), held, cookies))
        addresses = [*_addresses(stack, held, cookies), *files]
        with _context(browser, stack, cookies, has_policy=False) as context:
            control = _control(context, stack.url)
            seen = [_visit(context, each) for each in addresses]
        with _context(browser, stack, cookies, has_policy=True) as context:
            control_reports = _control(context, stack.url)
            seen += [_visit(context, each) for each in addresses]
    notes = [f"{held.taken} requests with hostile texts were taken; {names_taken} as names of users."]
    return judged(seen, control, control_reports, notes)


def judged(seen: list[Seen], control: Seen, control_reports: Seen, notes: list[str]) -> RowResult:
    """Return the row's result; void where the control shows that a script would not have been seen."""
    ran, reported, made = (sum(column) for column in list(zip(*seen, strict=True))[1:])
    table = [["page", "visits", "scripts run", "policy reports", "elements made"]]
    for name in dict.fromkeys(each.page for each in seen):
        rows = [each for each in seen if each.page == name]
        sums = [str(sum(column)) for column in list(zip(*rows, strict=True))[1:]]
        table.append([name, str(len(rows)), *sums])
    notes = [
        *notes,
        f"{len(payloads())} hostile texts. Control: put into a page as markup they ran {control.ran} scripts "
        f"without the policy and {control_reports.ran} with it, which reported {control_reports.reported}.",
    ]
    sees = control.ran > 0 and control_reports.reported > 0
    is_met = sees and len(payloads()) >= GOAL_PAYLOADS and ran == reported == made == 0
    return RowResult(
        f"{ran}_ran,{reported}_reports,{made}_made", "0_ran,0_reports,0_made", is_met, table, notes
    )


def _hostile_user_names(stack: Stack) -> int:
    """Return how many hostile names the first admin may take; none, as it should be."""
    with httpx.Client(base_url=f"{stack.url}/api/v1", headers={"Origin": stack.url}) as client:
        body = {"secret": "0" * 64, "password": PASSWORD}
        codes = [client.post("/invitation", json=body | {"name": each}).status_code for each in payloads()]
    return sum(code != 422 for code in codes)


def _first_admin(stack: Stack, data: Path) -> dict[str, str]:
    """Make the first admin, who takes over all, with a hostile browser and tokens; return the cookies."""
    environment = os.environ | {"MUSCOPE_DATA": str(data)}
    command = (sys.executable, "-m", "muscope.backend.cli", "users", "first-link")
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    secret = re.search(r"#([0-9a-f]{64})", told.stdout)
    if secret is None:
        raise RuntimeError(f"no link was printed: {told.stdout}{told.stderr}")
    agent = payloads()[0]
    with httpx.Client(
        base_url=f"{stack.url}/api/v1", headers={"Origin": stack.url, "User-Agent": agent}
    ) as client:
        body = {"secret": secret[1], "name": "boss", "password": PASSWORD}
        client.post("/invitation", json=body).raise_for_status()
        for each in payloads():
            client.post("/account/tokens", json={"name": each[:100]}).raise_for_status()
        client.post("/users", json={"name": "other"}).raise_for_status()
        return dict(client.cookies)


def _addresses(stack: Stack, held: Held, cookies: dict[str, str]) -> Iterator[str]:
    """Yield the address of every page."""
    for path in ("", "data", "experiments", "sweeps", "workers", "settings", "account", "users", "audit"):
        yield f"{stack.url}/{path}"
    yield from (f"{stack.url}/datasets/{each}" for each in held.datasets)
    yield from (f"{stack.url}/sweeps/{each}" for each in held.sweeps)
    yield f"{stack.url}/compare?ids={','.join(held.experiments[:3])}"
    for each in held.experiments:
        page = f"{stack.url}/experiments/{each}"
        yield from (page, *(f"{page}/{part}" for part in ("curves", "runs", "settings", "report")))
    answer = httpx.get(
        f"{stack.url}/api/v1/experiments/{held.experiments[0]}/runs?limit=1", cookies=cookies, timeout=60
    )
    yield f"{stack.url}/experiments/{held.experiments[0]}/runs/{answer.json()['items'][0]['id']}"


def _reports(stack: Stack, folder: Path, held: Held, cookies: dict[str, str]) -> Iterator[str]:
    """Yield the addresses of the reports as files, as somebody opens them who was sent one."""
    wanted = [f"experiments/{each}" for each in held.experiments] + [f"sweeps/{each}" for each in held.sweeps]
    for number, path in enumerate(wanted):
        answer = httpx.get(f"{stack.url}/api/v1/{path}/report", cookies=cookies, timeout=120)
        file = folder / f"report {path.split('/')[0]} {number}.html"
        file.write_bytes(answer.raise_for_status().content)
        yield file.as_uri()


@contextmanager
def _context(
    browser: Browser, stack: Stack, cookies: dict[str, str], *, has_policy: bool
) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB", bypass_csp=not has_policy)
    context.add_init_script(_WATCH)
    context.add_cookies([{"name": name, "value": value, "url": stack.url} for name, value in cookies.items()])
    try:
        yield context
    finally:
        context.close()


def _visit(context: BrowserContext, address: str) -> Seen:
    """Open a page, unfold it, and go over its figures with the pointer."""
    with _watched(context) as (page, heard):
        page.goto(address)
        page.wait_for_timeout(SETTLE_MILLISECONDS)
        made = int(page.evaluate(_LOOK))
        _point_at_figures(page)
        made = max(made, int(page.evaluate(_LOOK)))
        return _told(_shown(address), heard, made)


def _control(context: BrowserContext, url: str) -> Seen:
    """Put the texts into a page as markup: what must not happen is seen when it does."""
    with _watched(context) as (page, heard):
        page.goto(url)
        page.evaluate(_INSERT, payloads())
        page.wait_for_timeout(SETTLE_MILLISECONDS)
        return _told("control", heard, int(page.evaluate(_LOOK)))


@contextmanager
def _watched(context: BrowserContext) -> Iterator[tuple[Page, list[str]]]:
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        heard.append(message.text)

    page = context.new_page()
    page.on("console", hear)
    try:
        yield page, heard
    finally:
        page.close()


def _point_at_figures(page: Page) -> None:
    for figure in page.locator(".js-plotly-plot").all():
        with suppress(Error):  # one that is folded away has no place
            figure.hover(timeout=500)


def _told(name: str, heard: list[str], made: int) -> Seen:
    ran, reported = (sum(each.startswith(word) for each in heard) for word in (_RAN, _REPORTED))
    return Seen(name, ran, reported, made)


def _shown(address: str) -> str:
    """Return a page's address without what is this run's own."""
    if address.startswith("file:"):
        return address.rpartition("/")[2].partition("%20")[0] + " " + address.split("%20")[1]
    path = re.sub(r"^https?://[^/]+", "", address)
    return re.sub(r"[0-9a-f-]{36}(,[0-9a-f-]{36})*", "…", path)
