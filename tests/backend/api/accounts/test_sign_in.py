"""From the first link to the last browser that is signed out, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from muscope.backend.api.accounts import cookies
from muscope.backend.db.accounts import credentials
from muscope.backend.services.accounts.users import first_link
from muscope.backend.settings import Settings
from tests.backend.api.conftest import CSV, TABLE, Server, serving
from tests.waiting import wait_until

WORDS = "lamp otter nineteen gravel"
OTHER_WORDS = "cobalt window seven lettuce"


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("accounts")
    with serving(Settings(data=folder, broker_url=f"unix://{folder}/no-broker.sock")) as server:
        yield server


def browser(server: Server, **headers: str) -> httpx.Client:
    base = f"http://127.0.0.1:{server.port}"
    return httpx.Client(base_url=f"{base}/api/v1", headers={"Origin": base} | headers, timeout=60)


@pytest.fixture(scope="module")
def admin(own_server: Server) -> Iterator[httpx.Client]:
    """The first admin's browser, on an installation that had a dataset before there were accounts."""
    with browser(own_server) as client:
        stored = client.post("/datasets?name=before", content=TABLE, headers=CSV)
        assert stored.status_code == 201
        path = first_link(own_server.runtime.context)
        assert path is not None
        answer = {"secret": path.partition("#")[2], "name": "Boss", "password": WORDS}
        reply = client.post("/invitation", json=answer)
        assert reply.status_code == 200, reply.text
        yield client


@contextmanager
def invited(admin: httpx.Client, server: Server, name: str, **request: Any) -> Iterator[httpx.Client]:
    """Yield the browser of a new user who has used the link."""
    made = admin.post("/users", json={"name": name} | request)
    assert made.status_code == 201, made.text
    secret = made.json()["path"].partition("#")[2]
    with browser(server) as client:
        reply = client.post("/invitation", json={"secret": secret, "password": OTHER_WORDS})
        assert reply.status_code == 200, reply.text
        yield client


def test_the_first_admin_owns_everything_and_everybody_else_must_sign_in(
    own_server: Server, admin: httpx.Client
):
    assert admin.get("/session").json()["role"] == "admin"
    assert [each["name"] for each in admin.get("/datasets").json()["items"]] == ["before"]
    with browser(own_server) as stranger:
        assert stranger.get("/session").json() == {"accounts": True, "name": None, "role": None, "scopes": []}
        refused = stranger.get("/datasets")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert refused.json()["error"]["code"] == "account.sign_in_needed"
        assert stranger.get(f"http://127.0.0.1:{own_server.port}/metrics").status_code == 401
    assert admin.get(f"http://127.0.0.1:{own_server.port}/metrics").status_code == 200
    assert first_link(own_server.runtime.context) is None


def test_a_link_counts_once_and_a_weak_password_does_not_use_it_up(own_server: Server, admin: httpx.Client):
    made = admin.post("/users", json={"name": "once"}).json()
    secret = made["path"].partition("#")[2]
    with browser(own_server) as client:
        weak = client.post("/invitation", json={"secret": secret, "password": "password1234"})
        good = client.post("/invitation", json={"secret": secret, "password": WORDS})
        again = client.post("/invitation", json={"secret": secret, "password": WORDS})

    assert (weak.status_code, good.status_code, again.status_code) == (400, 200, 401)
    assert again.json()["error"]["code"] == "link.ended"


@pytest.mark.usefixtures("admin")
def test_a_link_serves_an_address_that_has_to_wait_after_guesses(tmp_path: Path):
    settings = Settings(data=tmp_path, broker_url=f"unix://{tmp_path}/no.sock")
    with serving(settings) as server, browser(server) as client:
        path = first_link(server.runtime.context)
        assert path is not None
        guesses = [{"name": f"name {number}", "password": WORDS} for number in range(40)]
        statuses = {client.post("/session", json=guess).status_code for guess in guesses}
        answer = {"secret": path.partition("#")[2], "name": "Boss", "password": WORDS}
        reply = client.post("/invitation", json=answer)

    assert statuses == {401, 429}
    assert reply.status_code == 200, reply.text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(own_server: Server):
    with browser(own_server) as client:
        reply = client.post("/session", json={"name": "boss", "password": WORDS})
    said = reply.headers["set-cookie"]

    assert reply.status_code == 200
    assert said.startswith(f"muscope_{own_server.settings.port}=")
    assert {"httponly", "path=/", "samesite=lax", "max-age=604800"} <= set(said.lower().split("; "))
    assert WORDS not in reply.text


def test_behind_tls_the_cookie_is_bound_to_the_host():
    scope = {"type": "http", "scheme": "http", "headers": [], "path": "/", "method": "GET"}
    request, reply = Request(scope), Response()

    cookies.set_cookie(Settings(public_url="https://tools.example"), request, reply, "secret")

    assert reply.headers["set-cookie"].startswith("__Host-muscope=secret")
    assert "Secure" in reply.headers["set-cookie"]


def test_signing_in_anew_ends_the_session_of_before_and_signing_out_ends_it_on_the_server(
    own_server: Server, admin: httpx.Client
):
    with browser(own_server) as client:
        client.post("/session", json={"name": "boss", "password": WORDS})
        first = dict(client.cookies)
        client.post("/session", json={"name": "boss", "password": WORDS})
        second = dict(client.cookies)
        client.delete("/session")
    statuses = [httpx.get(f"{admin.base_url}tags", cookies=jar).status_code for jar in (first, second)]

    assert first != second
    assert statuses == [401, 401]


def test_a_change_by_cookie_must_come_from_our_own_page(own_server: Server, admin: httpx.Client):
    jar = dict(admin.cookies)
    own = f"http://127.0.0.1:{own_server.port}"
    cases = {
        "nothing": {},
        "own": {"Origin": own},
        "other": {"Origin": "https://evil.example"},
        "null": {"Origin": "null"},
        "fetch": {"Sec-Fetch-Site": "same-origin"},
        "cross": {"Sec-Fetch-Site": "cross-site"},
        "same site": {"Sec-Fetch-Site": "same-site"},
    }
    with httpx.Client(base_url=f"{own}/api/v1", cookies=jar) as client:
        found = {
            name: client.post("/users", json={}, headers=each).status_code for name, each in cases.items()
        }

    assert found == {
        "nothing": 403,
        "own": 422,
        "other": 403,
        "null": 403,
        "fetch": 422,
        "cross": 403,
        "same site": 403,
    }


def test_wrong_names_and_wrong_passwords_look_the_same_and_many_of_them_wait(
    own_server: Server, admin: httpx.Client
):
    with invited(admin, own_server, "slow"), browser(own_server) as client:
        unknown = client.post("/session", json={"name": "nobody.here", "password": WORDS})
        wrong = [client.post("/session", json={"name": "slow", "password": WORDS}) for _ in range(6)]
        right = client.post("/session", json={"name": "slow", "password": OTHER_WORDS})
    with own_server.runtime.context.database.write() as session:
        credentials.forget_failures(session, "address:127.0.0.1")

    bodies = [reply.json() | {"request_id": ""} for reply in (unknown, wrong[0])]
    assert bodies[0] == bodies[1]
    assert [each.status_code for each in wrong] == [401] * 5 + [429]
    assert right.status_code == 429
    assert 0 < int(right.headers["retry-after"]) <= 15


def test_a_token_serves_scripts_within_its_scopes_until_it_is_ended(own_server: Server, admin: httpx.Client):
    with invited(admin, own_server, "coder") as coder:
        made = coder.post("/account/tokens", json={"name": "ci", "scopes": ["read"], "days": 2})
        wider = coder.post("/account/tokens", json={"name": "ci", "scopes": ["admin"]})
        token = made.json()["token"]
        with httpx.Client(
            base_url=admin.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60
        ) as script:
            read, write = script.get("/tags"), script.post("/datasets?name=a", content=TABLE, headers=CSV)
            more = script.post("/account/tokens", json={"name": "child"})
            coder.delete(f"/account/tokens/{made.json()['view']['id']}")
            ended = script.get("/tags")
        listed = coder.get("/account/tokens")

    assert (made.status_code, wider.status_code) == (201, 400)
    assert (read.status_code, write.status_code, more.status_code, ended.status_code) == (200, 403, 403, 401)
    assert ended.json()["error"]["code"] == "token.unknown"
    assert token.rpartition("_")[2] not in listed.text


def test_an_admins_narrow_token_sees_the_admins_own_things_only(own_server: Server, admin: httpx.Client):
    with invited(admin, own_server, "owner") as owner:
        theirs = owner.post("/datasets?name=theirs", content=TABLE + b"1,2,no\n", headers=CSV).json()["id"]
    token = admin.post("/account/tokens", json={"name": "narrow", "scopes": ["read"]}).json()["token"]
    with httpx.Client(
        base_url=admin.base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as script:
        narrow = script.get(f"/datasets/{theirs}")

    assert narrow.status_code == 404
    assert admin.get(f"/datasets/{theirs}").status_code == 200


def test_a_viewer_reads_the_work_of_the_user_named_and_changes_nothing(
    own_server: Server, admin: httpx.Client
):
    with invited(admin, own_server, "maker") as maker:
        made = maker.post("/datasets?name=made", content=TABLE + b"3,4,yes\n", headers=CSV).json()["id"]
    with invited(admin, own_server, "reader", role="viewer", reads="maker") as reader:
        assert [each["id"] for each in reader.get("/datasets").json()["items"]] == [made]
        assert reader.delete(f"/datasets/{made}").status_code == 403


def test_a_viewer_who_becomes_a_runner_cannot_delete_what_was_shown(own_server: Server, admin: httpx.Client):
    with invited(admin, own_server, "author") as author:
        made = author.post("/datasets?name=theirs", content=TABLE + b"7,8,no\n", headers=CSV).json()["id"]
    with invited(admin, own_server, "promoted", role="viewer", reads="author") as promoted:
        shown = promoted.get(f"/datasets/{made}").status_code
        users = {each["name"]: each["id"] for each in admin.get("/users").json()}
        admin.patch(f"/users/{users['promoted']}", json={"role": "runner"})
        deleted = promoted.delete(f"/datasets/{made}").status_code
        own = promoted.post("/datasets?name=own", content=TABLE, headers=CSV).status_code

    assert (shown, deleted, own) == (200, 404, 201)
    assert admin.get(f"/datasets/{made}").status_code == 200


def test_an_owner_who_was_a_viewer_for_a_while_keeps_the_work_that_others_are_shown(
    own_server: Server, admin: httpx.Client
):
    with invited(admin, own_server, "back") as back:
        made = back.post("/datasets?name=kept", content=TABLE + b"9,9,no\n", headers=CSV).json()["id"]
        with invited(admin, own_server, "onlooker", role="viewer", reads="back"):
            users = {each["name"]: each["id"] for each in admin.get("/users").json()}
        for role in ("viewer", "runner"):
            admin.patch(f"/users/{users['back']}", json={"role": role})
        kept = back.get(f"/datasets/{made}").status_code

    assert kept == 200


def test_a_new_role_holds_at_once_and_a_deactivated_user_is_out(own_server: Server, admin: httpx.Client):
    with invited(admin, own_server, "leaver") as leaver:
        token = leaver.post("/account/tokens", json={"name": "ci"}).json()["token"]
        users = {each["name"]: each["id"] for each in admin.get("/users").json()}
        admin.patch(f"/users/{users['leaver']}", json={"role": "viewer"})
        demoted = leaver.post("/datasets?name=a", content=TABLE, headers=CSV).status_code
        admin.patch(f"/users/{users['leaver']}", json={"is_active": False})
        script = httpx.get(f"{admin.base_url}tags", headers={"Authorization": f"Bearer {token}"}, timeout=60)
        out = leaver.get("/tags").status_code
    boss = admin.patch(f"/users/{users['boss']}", json={"role": "runner"})

    assert (demoted, out, script.status_code) == (403, 401, 401)
    assert boss.json()["error"]["code"] == "user.last_admin"


def test_another_password_signs_every_other_browser_out(own_server: Server, admin: httpx.Client):
    with invited(admin, own_server, "changer") as here, browser(own_server) as there:
        there.post("/session", json={"name": "changer", "password": OTHER_WORDS})
        wrong = here.post("/account/password", json={"present": WORDS, "new": WORDS})
        right = here.post("/account/password", json={"present": OTHER_WORDS, "new": WORDS})

        assert (wrong.status_code, right.status_code) == (403, 200)
        assert (here.get("/tags").status_code, there.get("/tags").status_code) == (200, 401)
        assert len(here.get("/account/sessions").json()) == 1


def test_a_stolen_browser_gets_no_endless_guesses_at_the_password(own_server: Server, admin: httpx.Client):
    with invited(admin, own_server, "guessed") as here:
        tries = [
            here.post("/account/password", json={"present": WORDS, "new": WORDS}).status_code
            for _ in range(6)
        ]
    assert tries == [403, 403, 403, 403, 403, 429]


def test_the_audit_log_names_who_did_what_and_holds_no_secret(admin: httpx.Client):
    admin.post("/users", json={"name": "noted"})
    page = admin.get("/audit?limit=500").json()

    assert page["is_unbroken"]
    assert page["entries"][0] | {"at": "", "id": 0} == {
        "id": 0,
        "at": "",
        "actor": "boss",
        "token_id": None,
        "address": "127.0.0.1",
        "action": "user.invited",
        "subject": "noted",
        "details": {"role": "runner"},
    }
    assert WORDS not in str(page)
    assert "mus_" not in str(page)


def test_each_creation_has_one_audit_entry_and_a_refused_one_has_none(admin: httpx.Client):
    data = admin.get("/datasets").json()["items"][-1]["id"]
    plan = {"dataset_id": data, "widths": [16, 32], "preset": "quick"}
    keyed = {"Idempotency-Key": "audited"}
    before = admin.get("/audit").json()["entries"][0]["id"]

    codes = [
        admin.post("/experiments", json=each, headers=keyed).status_code
        for each in (plan, plan | {"widths": []}, plan)
    ]

    # The entry of a request that stored nothing new follows its answer.
    wait_until(lambda: _entries_after(admin, before)[1:])
    assert codes == [201, 422, 200]
    stored = _entries_after(admin, before)
    assert [(each["action"], each["subject"]) for each in stored] == [("request.post", "experiments")] * 2
    assert admin.get("/audit").json()["is_unbroken"]


def _entries_after(admin: httpx.Client, last: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = admin.get("/audit").json()["entries"]
    return [each for each in entries if each["id"] > last]
