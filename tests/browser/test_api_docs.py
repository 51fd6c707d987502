"""The rendered API documentation: every operation, under the strict policy, from our own origin."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from muscope.backend.catalogue import text

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]


def test_the_footer_leads_to_every_operation(visit, instance):
    document = instance.client.get("/openapi.json").json()
    num_operations = sum(len(operations) for operations in document["paths"].values())
    made = visit("ja")
    page = made.open("/")

    page.get_by_role("link", name=text("ui.footer.api", "ja")).click()

    expect(page.locator(".opblock")).to_have_count(num_operations, timeout=30_000)
    expect(page.locator(".opblock-summary-description").first).not_to_be_empty()


def test_an_operation_can_be_read_and_tried(visit):
    page = visit().open("/api/v1/docs")
    operation = page.locator("#operations-workers-list_workers")

    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()

    answer = operation.locator(".live-responses-table tbody .response-col_status")
    expect(answer).to_have_text("200")
