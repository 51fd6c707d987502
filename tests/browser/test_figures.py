"""Figures on the page: the view is in the address, zoom outlives an update, a lost stream is replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from muscope.backend.catalogue import text
from tests.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
PLAN = {"widths": [8, 16, 32], "seeds": [0, 1, 2], "num_steps": 40}
LR_LOSS = "#figure-lr_loss"


@pytest.fixture(scope="module")
def dataset_id(instance):
    return instance.post("/examples/friedman/dataset")["id"]


@pytest.fixture(scope="module")
def finished(instance, dataset_id):
    """Lend the address of an experiment that has ended."""
    experiment = instance.post("/experiments", json={"dataset_id": dataset_id} | PLAN)
    instance.finished(experiment["id"], seconds=120)
    return f"/experiments/{experiment['id']}"


@pytest.fixture
def curves(finished):
    """Lend the address of its page of curves."""
    return f"{finished}/curves"


def wait_for_figure(page: Page) -> None:
    page.locator(LR_LOSS).scroll_into_view_if_needed()
    page.wait_for_function("s => document.querySelector(s)?.data?.length > 0", arg=LR_LOSS)


def x_range(page: Page) -> list[float]:
    found: list[float] = page.evaluate("s => document.querySelector(s)._fullLayout.xaxis.range", LR_LOSS)
    return found


def drag_over_the_middle(page: Page) -> None:
    area = page.locator(f"{LR_LOSS} .nsewdrag").first.bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.3, area["y"] + area["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.7, area["y"] + area["height"] * 0.7, steps=5)
    page.mouse.up()


def zoom_in(page: Page) -> None:
    """Drag until the figure has zoomed: what still loads above it may move it away under the mouse."""
    whole = x_range(page)

    def has_zoomed() -> bool:
        drag_over_the_middle(page)
        page.evaluate("() => new Promise(requestAnimationFrame)")
        return x_range(page)[0] > whole[0] + 0.01

    wait_until(has_zoomed)


def test_zoom_survives_an_update_and_a_link_shares_the_view(visit, curves):
    page = visit().open(curves)
    wait_for_figure(page)
    expect(page.locator("#show-loss")).to_have_value("val")  # the loss that decides here
    zoom_in(page)
    zoomed = x_range(page)

    with page.expect_response(
        lambda response: "figures/lr_loss" in response.url and "loss=train" in response.url
    ):
        page.select_option("#show-loss", "train")
    title = text("figure.axis.final_train_loss", "en", unit="").split(" (")[0]
    page.wait_for_function(
        "([s, t]) => document.querySelector(s)._fullLayout.yaxis.title.text.startsWith(t)",
        arg=[LR_LOSS, title],
    )

    assert x_range(page) == pytest.approx(zoomed, rel=1e-4)  # the address keeps five digits
    assert "loss=train" in page.url
    page.reload()
    expect(page.locator("#show-loss")).to_have_value("train")
    wait_for_figure(page)
    assert x_range(page) == pytest.approx(zoomed, rel=1e-3)  # the address has the zoom too
    page.locator("[data-figure=lr_loss] [data-tool=whole]").click()
    page.wait_for_function(
        "([s, x]) => document.querySelector(s)._fullLayout.xaxis.range[0] < x", arg=[LR_LOSS, zoomed[0]]
    )
    assert "zoom." not in page.url


def test_numbers_picture_and_choices_are_at_hand(visit, finished):
    page = visit("ja").open(f"{finished}/curves?width=8,16&seeds=each&run=mup.8.1")
    wait_for_figure(page)
    figure = page.locator("[data-figure=lr_loss]")

    figure.locator("[data-tool=table]").click()
    expect(figure.locator("table th").first).to_have_text(text("figure.table.parametrization", "ja"))
    with page.expect_download() as download:
        figure.locator("[data-tool=csv]").click()
    assert download.value.suggested_filename.startswith("Friedman’s regression function ")
    assert Path(download.value.path()).read_text(encoding="utf-8-sig").startswith("パラメータ化,幅,")
    with page.expect_download() as download:
        figure.locator("[data-tool=png]").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    expect(page.locator("#show-run")).to_have_value("mup.8.1")
    expect(page.locator("#show-width > summary")).to_have_text("8, 16")


def test_a_figure_that_did_not_change_is_not_sent_again(visit, finished):
    page = visit().open(finished)
    wait_for_figure(page)

    answers = page.evaluate(
        """async (path) => {
          const { getIfChanged } = await import("/static/js/base/api.js");
          const first = await getIfChanged(`${path}/figures/lr_loss`, null);
          return [first.etag, await getIfChanged(`${path}/figures/lr_loss`, first.etag)];
        }""",
        finished,
    )

    assert answers[0]
    assert answers[1] is None


def test_without_a_stream_the_page_looks_for_itself(visit, instance, dataset_id):
    experiment = instance.post("/experiments", json={"dataset_id": dataset_id} | PLAN | {"num_steps": 200})
    made = visit()
    made.allowed = ("Failed to load resource: net::ERR_FAILED",)
    made.page.route("**/events", lambda route: route.abort())
    page = made.open(f"/experiments/{experiment['id']}")

    expect(page.locator("#verdict")).to_be_visible(timeout=120_000)
    expect(page.get_by_text(text("ui.state.completed", "en"), exact=True).first).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_is_wider_than_a_phone(visit, finished, dataset_id, language):
    made = visit(language, width=360, height=740)
    parts = [f"{finished}/{part}" for part in ("curves", "runs", "settings", "report")]
    for path in ("/", f"/datasets/{dataset_id}", finished, *parts):
        page = made.open(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")

        assert page.evaluate("document.scrollingElement.scrollWidth") <= 360, path


def test_a_figure_out_of_view_is_not_asked_for(visit, curves):
    made = visit(height=300)
    page = made.open(curves)
    page.locator("[data-figure=lr_loss]").scroll_into_view_if_needed()
    page.wait_for_function("s => document.querySelector(s)?.data?.length > 0", arg=LR_LOSS)

    assert not [url for url in made.requests if "/figures/sharpness_spread" in url]
