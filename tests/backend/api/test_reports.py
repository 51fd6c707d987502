"""Reports over HTTP: formats, languages, file names, caching, policy, refusals."""

from __future__ import annotations

import io
import uuid
from typing import Any
from urllib.parse import unquote

import httpx
import pypdf
import pytest

from muscope.backend.catalogue import LANGUAGES, text


def report_of(client: httpx.Client, experiment: dict[str, Any], **params: Any) -> httpx.Response:
    headers = params.pop("headers", {})
    return client.get(f"/api/v1/experiments/{experiment['id']}/report", params=params, headers=headers)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_is_one_html_file_in_the_language_asked_for(client, experiment, language):
    reply = report_of(client, experiment, language=language)

    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["content-language"] == language
    assert f'<html lang="{language}">' in reply.text
    assert text("ui.verdict.waiting", language) in reply.text
    assert text("report.kicker.interim", language) in reply.text


def test_the_language_is_otherwise_that_of_the_browser(client, experiment):
    reply = report_of(client, experiment, headers={"Accept-Language": "ja"})

    assert reply.headers["content-language"] == "ja"


def test_its_policy_is_its_own_and_allows_no_script(client, experiment):
    policy = report_of(client, experiment).headers["content-security-policy"]

    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("sandbox")
    assert "unsafe" not in policy
    assert "script-src" not in policy


def test_the_file_is_named_after_the_experiment(client, experiment):
    named = report_of(client, experiment, language="ja").headers["content-disposition"]

    assert named.startswith("inline; ")
    assert unquote(named.partition("filename*=UTF-8''")[2]) == f"{experiment['name']}-report-ja.html"


def test_an_unchanged_report_is_not_sent_again(client, experiment):
    first = report_of(client, experiment, language="en")
    again = report_of(client, experiment, language="en", headers={"If-None-Match": first.headers["etag"]})
    other = report_of(client, experiment, language="ja", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200
    assert other.headers["etag"] != first.headers["etag"]


def test_rates_are_those_of_the_request(client, experiment):
    plain = report_of(client, experiment, language="en")
    priced = report_of(client, experiment, language="en", staff_rate=60, rate_per_hour=2, currency="USD")

    assert text("report.money.none", "en") in plain.text
    assert "US$60 per hour" in priced.text


@pytest.mark.slow
def test_a_report_is_printed_as_pdf(client, experiment):
    reply = report_of(client, experiment, format="pdf", language="ja")

    assert reply.headers["content-type"] == "application/pdf"
    assert reply.headers["content-disposition"].endswith("-report-ja.pdf")
    pages = pypdf.PdfReader(io.BytesIO(reply.content)).pages
    assert text("ui.verdict.waiting", "ja") in pages[0].extract_text()


@pytest.mark.parametrize(
    "wish", [{"format": "docx"}, {"language": "fr"}, {"utc_offset_minutes": 9000}, {"staff_rate": -1}]
)
def test_a_wish_that_cannot_be_met_is_refused(client, experiment, wish):
    assert report_of(client, experiment, **wish).status_code == 422


def test_an_unknown_experiment_has_no_report(client):
    reply = report_of(client, {"id": uuid.uuid4()})

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "experiment.not_found")


def test_a_name_that_no_file_may_have_still_gives_a_file(client, dataset):
    name = '../../a"b\u202e<script>売上'
    experiment = client.post("/api/v1/experiments", json={"dataset_id": dataset["id"], "name": name}).json()

    reply = report_of(client, experiment, language="en")

    named = unquote(reply.headers["content-disposition"].partition("filename*=UTF-8''")[2])
    assert "<script" not in reply.text
    assert not set(named) & set('/\\:*?"<>|\r\n\u202e')
    assert named.endswith("売上-report-en.html")
