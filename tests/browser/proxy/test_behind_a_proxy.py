"""The whole way of a reader behind a proxy below `/muscope`, which takes the path away or passes it on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from muscope.backend.catalogue import text
from tests.browser.proxy.reverse_proxy import Proxy, proxying
from tests.browser.tables import flowers
from tests.browser.test_uploads import LINE
from tests.browser.verdicts import SMALL, say
from tests.ports import free_port
from tests.system.instance import Instance, running

pytestmark = [pytest.mark.browser, pytest.mark.system]
PREFIX = "/muscope"
# Long enough together to go in pieces.
NUM_LINES = 130_000


@pytest.fixture(scope="module")
def public_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory, public_port: int) -> Iterator[Instance]:
    public = f"http://127.0.0.1:{public_port}{PREFIX}"
    with running(Path(tmp_path_factory.mktemp("proxy")) / "data", MUSCOPE_PUBLIC_URL=public) as started:
        yield started


@pytest.fixture(params=[True, False], ids=["strips", "keeps"])
def proxy(request: pytest.FixtureRequest, behind: Instance, public_port: int) -> Iterator[Proxy]:
    with proxying(public_port, behind.port, PREFIX, strips=request.param) as made:
        yield made


@pytest.fixture
def page(browser: Browser, proxy: Proxy) -> Iterator[Page]:
    """A page that fails on any error in its console and on any request outside the prefix."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    opened, complaints, asked = context.new_page(), list[str](), list[str]()
    opened.set_default_timeout(30_000)
    opened.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    opened.on("request", lambda request: asked.append(request.url))
    yield opened
    context.close()
    own = (f"http://127.0.0.1:{proxy.port}{PREFIX}/", f"blob:http://127.0.0.1:{proxy.port}/", "data:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert (proxy.outside, complaints) == ([], [])


def drawn(page: Page, name: str) -> None:
    page.locator(f"[data-figure={name}]").scroll_into_view_if_needed()
    page.wait_for_function("n => document.getElementById('figure-' + n)?.data?.length > 0", arg=name)


def test_a_reader_gets_from_the_start_to_data_answer_run_report_and_documentation(
    page: Page, proxy: Proxy, behind: Instance
):
    page.goto(f"http://127.0.0.1:{proxy.port}{PREFIX}/")
    flowers_file: FilePayload = {"name": "flowers.csv", "mimeType": "text/csv", "buffer": flowers().encode()}
    page.set_input_files("#file", flowers_file)
    page.wait_for_url(f"**{PREFIX}/datasets/*")
    dataset_id = page.url.rsplit("/", 1)[1]
    expect(page.locator("#run")).to_be_enabled()

    experiment = behind.post("/experiments", json={"dataset_id": dataset_id} | SMALL)
    page.locator("#home").click()
    page.locator(f"a[href='{PREFIX}/experiments/{experiment['id']}']").first.click()
    expect(page.locator("#verdict")).to_be_visible(timeout=120_000)
    drawn(page, "lr_loss")

    page.locator("[data-tab=curves]").click()
    drawn(page, "loss")
    page.locator("[data-tab=runs]").click()
    page.locator("a.look").first.click()
    page.wait_for_url(f"**{PREFIX}/experiments/*/runs/*")
    page.go_back()
    page.locator("[data-tab=report]").click()
    address = page.locator("a[href*='/report?']").first.get_attribute("href")
    assert address is not None
    assert address.startswith(f"{PREFIX}/api/v1/")
    assert page.request.get(f"http://127.0.0.1:{proxy.port}{address}").ok

    page.get_by_role("link", name=say("footer.docs")).click()
    page.wait_for_url(f"**{PREFIX}/docs/en/index.html")
    page.get_by_role("link", name=text("handbook.product", "en")).click()
    page.wait_for_url(f"**{PREFIX}/?lang=en")
    page.get_by_role("link", name=say("footer.api")).click()
    expect(page.locator(".opblock").first).to_be_visible(timeout=30_000)


def test_a_large_file_arrives_in_pieces(page: Page, proxy: Proxy, tmp_path: Path):
    path = tmp_path / "large.txt"
    path.write_text("".join(LINE.format(number=number) for number in range(NUM_LINES)))
    assert path.stat().st_size > 8_000_000

    page.goto(f"http://127.0.0.1:{proxy.port}{PREFIX}/")
    with page.expect_request(lambda request: request.method == "PATCH") as sent:
        page.set_input_files("#file", path)
    assert sent.value.url.startswith(f"http://127.0.0.1:{proxy.port}{PREFIX}/api/v1/uploads/")
    page.wait_for_url(f"**{PREFIX}/datasets/*", timeout=120_000)
