"""Accounts of a provider's people: made, linked, followed and refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from muscope.backend.accounts.roles import Role
from muscope.backend.errors import MuscopeError
from muscope.backend.services.accounts.audit import COMMAND_LINE
from muscope.backend.services.accounts.provider.sign_in import disconnect, identity_view
from muscope.backend.services.accounts.users import change_user
from muscope.backend.services.accounts.views import UserChange
from muscope.backend.services.accounts.visiting import visitor_of
from tests.backend.services.accounts.provider.mock import SATO, Visit, approve, mock_app

MAIL = "a.sato@example.com"


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(MuscopeError) as caught:
        act()
    return caught.value.code


def told(visit: Visit, **claims: object) -> Visit:
    """Have the provider tell other claims of the one person from now on."""
    visit.wire.app = mock_app({"sato": SATO | claims})
    visit.wire.forge = None
    return visit


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("unverified", "provider.email_unverified"),
        ("outside", "provider.not_admitted"),
        ("quiet", "provider.not_admitted"),
    ],
)
def test_a_person_who_is_not_on_the_list_gets_no_account(visit: Visit, subject: str, code: str):
    assert refusal(lambda: visit.signs_in(subject)) == code


def test_without_a_list_nobody_new_comes_in(visit_with):
    assert refusal(lambda: visit_with(oidc_allowed="").signs_in("sato")) == "provider.not_admitted"


def test_an_invited_person_comes_in_by_the_verified_address_without_a_list(visit_with):
    visit = visit_with(oidc_allowed="")
    visit.invite(MAIL)

    assert visit.signs_in("sato").view.session.role is Role.RUNNER
    assert refusal(lambda: visit.signs_in("unverified")) == "provider.email_unverified"


@pytest.mark.parametrize("why", ["password", "admin", "inactive"])
def test_an_address_alone_opens_no_account_that_somebody_has_or_that_an_admin_has(visit: Visit, why: str):
    visit.invite(MAIL, role=Role.ADMIN if why == "admin" else Role.RUNNER)
    with visit.context.database.write() as session:
        row = session.merge(visit.user(MAIL))
        row.password_hash = "set" if why == "password" else None
        row.is_active = why != "inactive"

    assert refusal(lambda: visit.signs_in("sato")) == "provider.name_taken"


def test_a_person_is_known_by_the_subject_even_when_the_address_has_changed(visit: Visit):
    visit.signs_in("sato")

    again = told(visit, email="a.tanaka@elsewhere.example").signs_in("sato")

    assert again.view.session.name == MAIL


def test_another_person_with_the_same_address_does_not_get_the_account(visit: Visit):
    visit.signs_in("sato")
    visit.wire.app = mock_app({"successor": SATO})

    assert refusal(lambda: visit.signs_in("successor")) == "provider.name_taken"


def test_a_deactivated_user_stays_out(visit: Visit):
    visit.signs_in("sato")
    change_user(visit.context, COMMAND_LINE, visit.user(MAIL).id, UserChange(is_active=False))

    assert refusal(lambda: visit.signs_in("sato")) == "provider.account_inactive"


CLAIM = {"oidc_role_claim": "groups", "oidc_roles": "ml-team=runner,staff=viewer"}


def test_the_role_follows_the_claim_at_each_sign_in_but_an_admin_stays_one(visit_with):
    visit = told(visit_with(**CLAIM), groups=["ml-team"])
    roles = [visit.signs_in("sato").view.session.role]
    roles.append(told(visit, groups=[]).signs_in("sato").view.session.role)
    change_user(visit.context, COMMAND_LINE, visit.user(MAIL).id, UserChange(role=Role.ADMIN))
    roles.append(visit.signs_in("sato").view.session.role)

    assert roles == [Role.RUNNER, Role.VIEWER, Role.ADMIN]


def test_a_viewer_who_becomes_a_runner_does_not_get_the_work_that_was_only_shown(visit_with):
    visit = told(visit_with(**CLAIM, oidc_viewers_read="boss"), groups=[])
    visit.signs_in("sato")
    shown = visit.user(MAIL).principal_id
    told(visit, groups=["ml-team"]).signs_in("sato")

    assert shown == visit.user("boss").principal_id
    assert visit.user(MAIL).principal_id not in (shown, "")


def test_a_viewer_sees_nothing_of_others_unless_the_operator_says_whose_work(visit: Visit):
    visit.signs_in("sato")

    assert visit.user(MAIL).principal_id != visit.user("boss").principal_id


def test_a_signed_in_user_links_the_providers_account_and_ends_the_link(visit_with):
    visit = visit_with(oidc_allowed="")
    visit.invite("worker")
    worker = signed_in(visit, "worker")
    leaving = visit.leaves("/account", connect=True, visitor=worker)
    answer = approve(visit.wire, leaving.address, "sato")
    stranger = refusal(lambda: visit.returns(leaving.secret, answer))
    leaving = visit.leaves("/account", connect=True, visitor=worker)
    visit.returns(leaving.secret, approve(visit.wire, leaving.address, "sato"), visitor=worker)
    linked = identity_view(visit.context, visit.provider, worker)

    assert stranger == "provider.login_ended"
    assert (linked.is_linked, linked.email) == (True, MAIL)
    assert visit.signs_in("sato").view.session.name == "worker"
    assert (
        refusal(lambda: disconnect(visit.context, visit.provider, worker, COMMAND_LINE))
        == "provider.only_way"
    )
    with visit.context.database.write() as session:
        session.merge(visit.user("worker")).password_hash = "set"
    disconnect(visit.context, visit.provider, worker, COMMAND_LINE)
    assert refusal(lambda: visit.signs_in("sato")) == "provider.not_admitted"
    assert (
        refusal(lambda: disconnect(visit.context, visit.provider, worker, COMMAND_LINE))
        == "provider.not_linked"
    )


def test_one_person_is_not_linked_to_two_users(visit: Visit):
    visit.signs_in("sato")
    visit.invite("worker")
    worker = signed_in(visit, "worker")
    leaving = visit.leaves(connect=True, visitor=worker)
    answer = approve(visit.wire, leaving.address, "sato")

    assert (
        refusal(lambda: visit.returns(leaving.secret, answer, visitor=worker)) == "provider.linked_elsewhere"
    )


def test_linking_needs_a_session(visit: Visit):
    assert refusal(lambda: visit.leaves(connect=True)) == "account.sign_in_needed"


def test_an_address_that_only_the_user_info_tells_counts_for_the_same_person_alone(visit: Visit):
    def silent(claims):
        return {name: value for name, value in claims.items() if not name.startswith("email")}

    visit.wire.forge = silent

    assert visit.signs_in("sato").view.session.name == MAIL
    assert "/userinfo" in visit.wire.asked
    visit.wire.forge = lambda claims: silent(claims) | {"sub": "somebody else"}
    assert refusal(lambda: visit.signs_in("sato")) == "provider.token_invalid"


def signed_in(visit: Visit, name: str):
    """Return the visitor of a browser in which a user is signed in."""
    from muscope.backend.services.accounts.sign_in import begin_session
    from tests.backend.services.accounts.provider.mock import PLACE

    with visit.context.database.write() as session:
        secret = begin_session(visit.context, session, visit.user(name), PLACE, old=None)
    return visitor_of(visit.context, cookie=secret, bearer=None)
