"""From leaving for the provider to a session, and every answer that does not count."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from muscope.backend.accounts.lifetimes import FAILURES_FORGOTTEN, FREE_OF_ADDRESS, PROVIDER_LOGIN
from muscope.backend.accounts.roles import Role
from muscope.backend.db.accounts import credentials
from muscope.backend.errors import MuscopeError, Unavailable
from muscope.backend.services.accounts.audit import list_entries
from muscope.backend.services.accounts.provider import sign_in
from muscope.backend.services.accounts.provider.sign_in import Return, come_back
from muscope.backend.services.accounts.provider.views import ProviderAnswer, ProviderRequest
from muscope.backend.services.accounts.visiting import visitor_of
from tests.backend.services.accounts.provider.mock import CLIENT_ID, PLACE, RETURN, Visit, approve


def refusal(act: Callable[[], object]) -> str:
    """Return the code of the error, and its reason if it has one."""
    with pytest.raises(MuscopeError) as caught:
        act()
    return " ".join([caught.value.code, str(caught.value.params.get("reason", ""))]).strip()


def test_a_person_of_an_allowed_domain_gets_an_account_as_a_viewer_and_a_session(visit: Visit):
    done = visit.signs_in("sato", to="/experiments?page=2")

    visitor = visitor_of(visit.context, cookie=done.secret, bearer=None)
    assert visitor is not None
    assert (visitor.name, visitor.role) == ("a.sato@example.com", Role.VIEWER)
    assert done.view.to == "/experiments?page=2"
    assert done.view.session.name == "a.sato@example.com"


def test_the_browser_leaves_with_the_challenge_of_the_verifier_that_is_sent_later(visit: Visit):
    leaving = visit.leaves()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(leaving.address).query).items()}
    visit.returns(leaving.secret, approve(visit.wire, leaving.address, "sato"))
    sent = visit.wire.told[-1]

    digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
    assert asked["code_challenge"] == urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert asked["code_challenge_method"] == "S256"
    assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT_ID, RETURN)
    assert asked["redirect_uri"] == sent["redirect_uri"]
    assert len({asked["state"], asked["nonce"], sent["code_verifier"], leaving.secret}) == 4
    assert leaving.secret not in leaving.address


def test_the_database_holds_no_secret_of_a_browser_that_has_left(visit: Visit):
    leaving = visit.leaves()
    with visit.context.database.read() as session:
        stored = str(session.connection().exec_driver_sql("select * from provider_login").all())

    asked = parse_qs(urlsplit(leaving.address).query)
    assert hashlib.sha256(leaving.secret.encode()).hexdigest() in stored
    assert not [each for each in (leaving.secret, asked["state"][0], asked["nonce"][0]) if each in stored]


def test_an_answer_counts_once(visit: Visit):
    leaving = visit.leaves()
    answer = approve(visit.wire, leaving.address, "sato")
    visit.returns(leaving.secret, answer)

    assert refusal(lambda: visit.returns(leaving.secret, answer)) == "provider.login_ended"


def test_a_code_that_was_used_is_refused_by_the_provider_too(visit: Visit):
    first, second = visit.leaves(), visit.leaves()
    used = approve(visit.wire, first.address, "sato")
    visit.returns(first.secret, used)
    own = approve(visit.wire, second.address, "sato")
    mixed = own.model_copy(update={"code": used.code})

    assert refusal(lambda: visit.returns(second.secret, mixed)) == "provider.code_refused invalid_grant"


@pytest.mark.parametrize("whose", ["nobody", "another"])
def test_an_answer_counts_only_in_the_browser_that_has_left(visit: Visit, whose: str):
    mine, other = visit.leaves(), visit.leaves()
    answer = approve(visit.wire, mine.address, "sato")
    secret = {"nobody": None, "another": other.secret}[whose]

    assert refusal(lambda: visit.returns(secret, answer)) == "provider.login_ended"


def test_a_foreign_code_in_ones_own_answer_fails_by_its_nonce(visit: Visit):
    mine, theirs = visit.leaves(), visit.leaves()
    stolen = approve(visit.wire, theirs.address, "sato").code
    answer = approve(visit.wire, mine.address, "sato").model_copy(update={"code": stolen})

    assert (
        refusal(lambda: visit.returns(mine.secret, answer)) == "provider.token_invalid nonce: invalid_claim"
    )


def test_an_id_token_of_another_sign_in_is_refused(visit: Visit):
    visit.wire.forge = lambda claims: claims | {"nonce": "another"}

    assert refusal(lambda: visit.signs_in("sato")) == "provider.token_invalid nonce: invalid_claim"


def test_a_forged_token_that_changes_nothing_is_accepted_so_that_the_cases_here_say_something(visit: Visit):
    visit.wire.forge = lambda claims: claims

    assert visit.signs_in("sato").view.session.name == "a.sato@example.com"


def test_clocks_may_differ_by_the_seconds_of_the_setting(visit_with):
    late = {"skew 60": visit_with(), "skew 0": visit_with(oidc_clock_skew_seconds=0)}
    for each in late.values():
        each.wire.forge = lambda claims: claims | {"exp": claims["iat"] - 30}

    assert late["skew 60"].signs_in("sato")
    assert refusal(lambda: late["skew 0"].signs_in("sato")) == "provider.token_invalid exp: expired_token"


def test_a_token_signed_with_a_key_that_the_provider_does_not_publish_is_refused(visit: Visit):
    visit.wire.forge, visit.wire.publishes = (lambda claims: claims), False

    assert refusal(lambda: visit.signs_in("sato")).startswith("provider.token_invalid")


def test_a_provider_that_refuses_is_quoted_by_its_code_alone(visit: Visit):
    leaving = visit.leaves()
    answer = approve(visit.wire, leaving.address, "sato")
    denied = answer.model_copy(update={"code": None, "error": "access_denied"})

    assert refusal(lambda: visit.returns(leaving.secret, denied)) == "provider.refused access_denied"

    again = visit.leaves()
    shout = approve(visit.wire, again.address, "sato").model_copy(
        update={"code": None, "error": "<b>Pay!</b>"}
    )
    assert refusal(lambda: visit.returns(again.secret, shout)) == "provider.refused unknown"


def test_an_answer_of_another_issuer_is_refused_before_the_code_is_sent_anywhere(visit: Visit):
    leaving = visit.leaves()
    answer = approve(visit.wire, leaving.address, "sato")
    mixed = answer.model_copy(update={"iss": "https://other.example"})

    assert refusal(lambda: visit.returns(leaving.secret, mixed)) == "provider.token_invalid iss: response"
    assert visit.wire.told == []


def test_a_provider_that_is_down_is_said_so(visit: Visit):
    visit.wire.is_cut = True

    with pytest.raises(Unavailable) as caught:
        visit.leaves()

    assert caught.value.code == "provider.unreachable"
    assert caught.value.params["name"] == "localhost"


def test_another_issuer_than_the_setting_names_is_shown_beside_it(visit_with):
    visit = visit_with(
        oidc_issuer="http://localhost:9400/",
        oidc_metadata_url="http://localhost:9400/.well-known/openid-configuration",
    )

    with pytest.raises(Unavailable) as caught:
        visit.leaves()

    assert caught.value.code == "provider.issuer_differs"
    assert caught.value.params == {"expected": "http://localhost:9400/", "given": "http://localhost:9400"}


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\\b", "/ x", "/\t/evil.example"],
)
def test_only_pages_of_ours_are_shown_afterwards(to: str):
    with pytest.raises(ValidationError):
        ProviderRequest(to=to)


def test_many_refusals_from_one_address_have_to_wait(visit: Visit):
    leaving = visit.leaves()
    answer = approve(visit.wire, leaving.address, "sato").model_copy(update={"code": "guessed"})
    with visit.context.database.write() as session:
        now = visit.context.now()
        for _ in range(FREE_OF_ADDRESS - 1):
            credentials.note_failure(session, f"address:{PLACE.address}", now, now - FAILURES_FORGOTTEN)

    assert refusal(lambda: visit.returns(leaving.secret, answer)) == "provider.code_refused invalid_grant"
    assert refusal(visit.leaves) == "sign_in.wait"


def test_one_address_leaves_only_so_often_without_coming_back(visit: Visit, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sign_in, "MAX_PROVIDER_LOGINS", 2)

    assert [visit.leaves() is None for _ in range(2)] == [False, False]
    assert refusal(visit.leaves) == "provider.too_many"


def test_who_comes_back_too_late_starts_again(visit: Visit):
    leaving = visit.leaves()
    answer = approve(visit.wire, leaving.address, "sato")
    late = visit.context.now() + PROVIDER_LOGIN
    visit.context = replace(visit.context, now=lambda: late)

    assert refusal(lambda: visit.returns(leaving.secret, answer)) == "provider.login_ended"


def test_the_audit_log_tells_of_those_who_came_and_of_those_who_were_refused_without_a_secret(visit: Visit):
    leaving = visit.leaves()
    answer = approve(visit.wire, leaving.address, "sato")
    visit.returns(leaving.secret, answer)
    assert refusal(lambda: visit.signs_in("outside")) == "provider.not_admitted"
    page = list_entries(visit.context, before=None, limit=50)

    actions = [each.action for each in reversed(page.entries)]
    assert actions == ["user.invited", "user.admitted", "identity.linked", "sign_in", "sign_in.refused"]
    assert page.entries[0].details["why"] == "provider.not_admitted"
    assert page.is_unbroken
    assert not [each for each in (leaving.secret, answer.code, answer.state) if each and each in str(page)]


def test_nobody_signs_in_by_a_provider_before_the_first_admin(visit_with):
    visit = visit_with(is_empty=True)

    assert refusal(visit.leaves) == "provider.before_first_admin"


def test_an_answer_for_no_provider_is_not_found(visit: Visit):
    answer = ProviderAnswer(state="0" * 64)
    back = Return("0" * 64, RETURN, None, None, PLACE)

    assert refusal(lambda: come_back(visit.context, None, answer, back)) == "provider.none"
