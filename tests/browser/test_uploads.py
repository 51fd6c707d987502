"""A large file on its way: a lost connection, a reload of the page, what is kept and deleted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Request, Route, expect

from muscope.backend.catalogue import text

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]

LINE = "It was the best of times, it was the worst of times, number {number}.\n"


@pytest.fixture
def large_text(tmp_path):
    """A text that is sent in pieces."""
    path = tmp_path / "large.txt"
    path.write_text("".join(LINE.format(number=number) for number in range(130_000)), encoding="utf-8")
    assert path.stat().st_size > 8_000_000
    return path


def test_a_large_file_goes_on_after_a_reload_and_can_be_deleted(visit, large_text):
    made = visit()
    made.allowed = ("net::ERR_FAILED",)
    page = made.open("/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(described(request)))
    page.route("**/api/v1/uploads/*", without_pieces)

    page.set_input_files("#file", large_text)
    with page.expect_event("requestfailed", lambda request: request.method == "PATCH"):
        pass
    page.reload()
    unfinished = page.locator("#storage").get_by_text("large.txt", exact=True)
    expect(unfinished).to_be_visible()
    page.unroute_all()
    page.set_input_files("#file", large_text)

    page.wait_for_url("**/datasets/*")
    expect(page.get_by_text(text("ui.profile.windows", "en"), exact=True)).to_be_visible()
    assert sent.count("POST /api/v1/uploads") == 1
    assert sent.count("HEAD /api/v1/uploads/*") >= 1

    page.goto(made.url)
    before = page.locator("#storage-used").text_content()
    page.locator('[data-delete="large.txt"]').click()
    page.get_by_role("dialog").get_by_role("button", name=text("ui.files.delete_do", "en")).click()
    expect(page.locator('[data-delete="large.txt"]')).to_have_count(0)
    expect(page.locator("#storage-used")).not_to_have_text(str(before))


def without_pieces(route: Route) -> None:
    """Let everything through but the file's bytes."""
    if route.request.method == "PATCH":
        route.abort()
    else:
        route.continue_()


def described(request: Request) -> str:
    path = re.sub(r"(uploads)/.+", r"\1/*", request.url.split("//", 1)[1].partition("/")[2])
    return f"{request.method} /{path}"
