"""The documentation at /docs: the reader's language, the strict policy, and a page for what is not there."""

from __future__ import annotations

import pytest

from muscope.backend.api.middleware import CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
@pytest.mark.parametrize(("wish", "language"), [("ja,en;q=0.5", "ja"), ("en-GB", "en"), ("fr", "en")])
def test_the_address_without_a_language_leads_to_the_readers_own(client, path, wish, language):
    reply = client.get(path, headers={"Accept-Language": wish}, follow_redirects=True)

    assert (reply.status_code, reply.url.path) == (200, f"/docs/{language}/index.html")
    assert f'<html lang="{language}">' in reply.text
    assert reply.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


def test_the_reference_of_the_interface_has_a_short_address(client):
    reply = client.get("/docs/api", headers={"Accept-Language": "ja"}, follow_redirects=True)

    assert (reply.status_code, reply.url.path) == (200, "/docs/ja/api.html")


def test_a_redirect_is_relative_so_that_it_holds_below_a_prefix(client):
    assert client.get("/docs").headers["location"] == "docs/en/index.html"
    assert client.get("/docs/ja").headers["location"] == "ja/index.html"


@pytest.mark.parametrize("path", ["/docs/ja/nothing.html", "/docs/ja/deep/nothing", "/docs/nothing"])
def test_an_address_that_is_not_there_answers_with_a_page_whose_links_work(client, path):
    reply = client.get(path, headers={"Accept-Language": "ja"}, follow_redirects=True)

    assert reply.status_code == 404
    assert "ページが見つかりません" in reply.text
    assert client.get(str(reply.url.join("../assets/handbook.css"))).status_code == 200


@pytest.mark.parametrize("path", ["/docs/%2e%2e/settings.py", "/docs/ja/%2e%2e/%2e%2e/%2e%2e/muscope.db"])
def test_nothing_outside_the_site_is_served(client, path):
    assert client.get(path, follow_redirects=True).status_code == 404


def test_pages_are_revalidated_and_compressed(client):
    first = client.get("/docs/ja/tutorial.html")

    again = client.get("/docs/ja/tutorial.html", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["cache-control"] == "no-cache"
    assert again.status_code == 304
