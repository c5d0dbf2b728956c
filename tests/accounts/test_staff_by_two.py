"""Privileged staff are made and recovered by two officers, never by one alone."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from django.urls import reverse
from django.utils import timezone

from consent.sharing.models import LegalDisclosure
from consent.sharing.services import decide_legal_disclosure, request_legal_disclosure
from paktaleem.directory.staff.sign_in.adapters import create_totp_secret, enrol_totp, has_second_factor
from paktaleem.directory.staff.sign_in.evidence import record_change
from paktaleem.directory.staff.sign_in.tasks import create_staff_token
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, system_actor, user_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.models import Membership, User
from paktaleem.foundation.accounts.roles import Capability, Role, is_privileged, is_wider
from paktaleem.foundation.accounts.second_person import (
    ApproverIsRequester,
    ApproverNotIndependent,
    ChangeAlreadyDecided,
    ChangeState,
    require_second_person,
)
from paktaleem.foundation.accounts.selectors import list_memberships
from paktaleem.foundation.accounts.staff_accounts import STAFF_LINK_LIFE
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_services import (
    AlreadyProposed,
    ProposerMayNotAnyMore,
    change_email,
    change_membership,
    change_user,
    decide_staff_change,
    end_membership,
    invite_user,
    resend_link,
    reset_password,
    reset_second_factor,
)
from paktaleem.foundation.accounts.staff_ties import TIE_LIFE
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import second_officer
from tests.consent.making import officer
from tests.console.pages import row_url
from tests.sharing.making import demand
from tests.signin.visiting import letters
from tests.signing_in import browser_of

MOMENT = timedelta(seconds=1)


@pytest.fixture
def gul(cast):
    return second_officer()


def recover(service, cast, name, at, *, actor="amina", **values):
    with in_client(PAKTALEEM):
        return service(
            cast.user(name), ground="They asked me.", actor=cast.actor(actor), reason="support_case", at=at, **values
        )


def decide(change, actor, at, *, accept=True):
    with in_client(change.client_id), transaction.atomic():
        return decide_staff_change(change, approve=accept, actor=actor, reason="review", at=at)


def propose_role(cast, name, role, at, client_id=PAKTALEEM):
    with in_client(client_id):
        row = Membership(client_id=client_id, user_id=cast.user_id(name), role=role)
        return change_membership(row, ground="They asked me.", actor=cast.actor("amina"), reason="onboarding", at=at)


def kinds_since(at, client_id=PAKTALEEM):
    with in_client(client_id):
        return list(Entry.objects.filter(recorded_at__gte=at).order_by("id").values_list("kind", flat=True))


def is_refused(actor, other, at):
    """Return True if an actor may not approve what another person requested."""
    with in_client(PAKTALEEM):
        try:
            require_second_person(actor, requested_by=other, at=at)
        except ApproverNotIndependent:
            return True
    return False


def test_privileged_roles_may_approve_or_act_irreversibly():
    assert {role for role in Role if is_privileged(role)} == {Role.PRIVACY_OFFICER, Role.CLIENT_ADMIN, Role.SYSTEM}
    assert Role.SYSTEM not in Capability.MANAGE_STAFF.roles


@pytest.mark.parametrize(
    ("new", "old", "wider"),
    [
        ("privacy_officer", "auditor", True),
        ("privacy_officer", "client_admin", True),
        ("client_admin", "privacy_officer", True),  # it confirms deletions for a client
        ("client_admin", "auditor", True),
        ("auditor", "privacy_officer", False),
        ("support_agent", "auditor", False),
        ("privacy_officer", "privacy_officer", False),
    ],
)
def test_a_role_is_wider_if_it_is_privileged_and_may_more(new, old, wider):
    assert is_wider(new, old) is wider


def test_two_officers_make_an_officer(cast, now, gul):
    change = propose_role(cast, "celia", "privacy_officer", now)
    assert isinstance(change, StaffChange)
    assert (change.state, change.requested_by) == ("waiting", cast.user_id("amina"))
    decide(change, gul, now + MOMENT)
    with in_client(PAKTALEEM):
        membership = Membership.objects.get(user_id=cast.user_id("celia"))
        assert (membership.role, membership.starts_at) == ("privacy_officer", now + MOMENT)
        assert membership.history.get().actor_id == gul.id
        versions = StaffChange.history.filter(id=change.pk).order_by("history_date")
        first, second = [(one.state, one.actor_id) for one in versions]
    assert (first, second) == (("waiting", cast.user_id("amina")), ("approved", gul.id))
    assert kinds_since(now) == ["staff.change_waiting", "staff.change_settled", "membership.changed"]
    with pytest.raises(ChangeAlreadyDecided):
        decide(change, gul, now + MOMENT)


def test_a_declined_proposal_changes_nothing(cast, now, gul):
    change = propose_role(cast, "celia", "privacy_officer", now)
    decide(change, cast.actor("amina"), now, accept=False)
    with in_client(PAKTALEEM):
        assert not Membership.objects.filter(user_id=cast.user_id("celia")).exists()
    with pytest.raises(ChangeAlreadyDecided):
        decide(change, gul, now)


def test_the_person_concerned_may_not_approve(cast, now, gul):
    with in_client(PAKTALEEM):
        own = User.objects.get(pk=gul.id)
        change = reset_password(own, ground="They asked me.", actor=cast.actor("amina"), reason="review", at=now)
    with pytest.raises(Refused, match="your own account"):
        decide(change, gul, now)


def end_role(cast, name, at, *, actor):
    with in_client(PAKTALEEM):
        membership = Membership.objects.get(user_id=cast.user_id(name), ends_at=None)
        end_membership(membership, actor=actor, reason="review", at=at)


def disable(cast, name, at, *, actor):
    user = cast.user(name)
    user.is_active = False
    with in_client(PAKTALEEM):
        change_user(user, actor=actor, at=at)


@pytest.mark.parametrize("remove", [end_role, disable])
def test_a_former_officers_proposal_can_only_be_declined(cast, now, gul, remove):
    change = propose_role(cast, "celia", "client_admin", now, cast.client_id("indus"))
    remove(cast, "amina", now + MOMENT, actor=gul)
    with pytest.raises(ProposerMayNotAnyMore):
        decide(change, gul, now + 2 * MOMENT)
    assert decide(change, gul, now + 2 * MOMENT, accept=False).state == "declined"


@pytest.mark.parametrize("name", ["bilal", "sana", "celia"])
def test_only_officers_and_administrators_of_the_client_approve(cast, now, name):
    change = propose_role(cast, "celia", "client_admin", now, cast.client_id("indus"))
    with in_client(change.client_id), pytest.raises(NotAllowed):
        decide_staff_change(change, approve=True, actor=cast.actor(name), reason="review", at=now)


def test_the_portals_tasks_may_not_manage_staff(cast, now):
    with in_client(PAKTALEEM), pytest.raises(NotAllowed):
        invite_user("x@y.example", full_name="X", actor=system_actor("job"), at=now)


def test_the_same_change_cannot_be_proposed_twice(cast, now):
    recover(reset_password, cast, "farah", now)
    with pytest.raises(AlreadyProposed):
        recover(reset_password, cast, "farah", now)


def test_two_officers_re_enable_an_account(cast, now, gul):
    farah = cast.user("farah")
    farah.is_active = False
    with in_client(PAKTALEEM):
        change_user(farah, actor=cast.actor("amina"), at=now)
        farah.is_active = True
        change = change_user(farah, ground="They asked me.", actor=cast.actor("amina"), at=now)
    assert not cast.user("farah").is_active
    decide(change, gul, now)
    assert cast.user("farah").is_active
    assert "user.enabled" in kinds_since(now)


def test_two_officers_reset_a_password(cast, now, gul):
    change = recover(reset_password, cast, "farah", now)
    assert cast.user("farah").has_usable_password()
    decide(change, gul, now)
    assert not cast.user("farah").has_usable_password()
    assert kinds_since(now)[-1] == "user.password_link_sent"


def test_two_officers_change_an_email_address(cast, now, gul):
    change = recover(change_email, cast, "farah", now, email="farah@new.example")
    assert cast.user("farah").email == "farah@indus.example"
    decide(change, gul, now)
    farah = cast.user("farah")
    assert (farah.email, farah.has_usable_password()) == ("farah@new.example", False)
    with in_client(PAKTALEEM):
        assert User.history.filter(id=farah.pk).latest().actor_id == gul.id


def test_staff_without_privileges_are_recovered_by_one(cast, now):
    with in_global():
        enrol_totp(cast.user("bilal"), create_totp_secret())
    assert recover(reset_second_factor, cast, "bilal", now) is None
    assert recover(reset_password, cast, "bilal", now) is None
    with in_global():
        assert not has_second_factor(cast.user("bilal"))
    assert not cast.user("bilal").has_usable_password()


def test_staff_proposed_for_a_privileged_role_need_two_officers(cast, now):
    propose_role(cast, "bilal", "client_admin", now, cast.client_id("indus"))
    change = recover(change_email, cast, "bilal", now, email="other@mail.example")
    assert change.state == "waiting"
    assert cast.user("bilal").email == "bilal@paktaleem.example"


def test_a_new_officer_and_its_makers_may_not_approve_for_each_other_for_72_hours(cast, now, gul):
    decide(propose_role(cast, "celia", "privacy_officer", now), gul, now)
    celia = user_actor(cast.user_id("celia"), "privacy_officer", PAKTALEEM)
    for maker in (cast.actor("amina"), gul):
        for at, refused in ((now, True), (now + TIE_LIFE - MOMENT, True), (now + TIE_LIFE, False)):
            assert is_refused(celia, maker.id, at) is refused
            assert is_refused(maker, celia.id, at) is refused
    assert not is_refused(cast.actor("amina"), gul.id, now)
    assert not is_refused(cast.actor("farah"), celia.id, now)


def test_a_reset_ties_until_72_hours_after_its_use(cast, now, gul):
    decide(recover(reset_second_factor, cast, "farah", now), gul, now)
    farah, later = cast.actor("farah"), now + timedelta(days=200)
    assert is_refused(cast.actor("amina"), farah.id, later)
    assert is_refused(farah, gul.id, later)
    record_change(cast.user("farah"), "totp_added", at=later)
    assert is_refused(farah, gul.id, later + TIE_LIFE - MOMENT)
    assert not is_refused(farah, gul.id, later + TIE_LIFE)


def test_an_expired_unused_link_ends_the_tie_and_one_used_just_before_ties_for_72_hours(cast, now, gul):
    decide(recover(reset_password, cast, "farah", now), gul, now)
    used = now + STAFF_LINK_LIFE - MOMENT
    assert is_refused(cast.actor("farah"), gul.id, used)
    assert not is_refused(cast.actor("farah"), gul.id, now + max(STAFF_LINK_LIFE, TIE_LIFE))
    record_change(cast.user("farah"), "password_reset", at=used)
    assert is_refused(cast.actor("farah"), gul.id, used + TIE_LIFE - MOMENT)
    assert not is_refused(cast.actor("farah"), gul.id, used + TIE_LIFE)


def test_a_password_set_after_the_links_expiry_ties_again(cast, now, gul):
    decide(recover(reset_password, cast, "farah", now), gul, now)
    later = now + timedelta(days=200)
    record_change(cast.user("farah"), "password_reset", at=later)
    assert is_refused(cast.actor("farah"), gul.id, later)
    assert is_refused(cast.actor("amina"), cast.user_id("farah"), later + TIE_LIFE - MOMENT)
    assert not is_refused(cast.actor("farah"), gul.id, later + TIE_LIFE)
    record_change(cast.user("farah"), "password_changed", at=later + TIE_LIFE)
    assert not is_refused(cast.actor("farah"), gul.id, later + TIE_LIFE)


def test_an_officer_is_tied_to_accounts_created_alone(cast, now):
    with in_client(PAKTALEEM):
        user = invite_user("new@indus.example", full_name="New Colleague", actor=cast.actor("amina"), at=now)
    assert is_refused(cast.actor("amina"), user.pk, now)


def test_a_link_can_be_sent_again_until_used_and_ties_the_sender(cast, gul):
    now = timezone.now()
    with in_client(PAKTALEEM):
        user = invite_user("new@indus.example", full_name="New Colleague", actor=cast.actor("amina"), at=now)
        first = create_staff_token(user, at=now)
        assert default_token_generator.check_token(user, first)
        resend_link(user, actor=gul, at=now)
        user.refresh_from_db()
        assert not default_token_generator.check_token(user, first)
        assert default_token_generator.check_token(user, create_staff_token(user, at=now))
        with pytest.raises(Refused, match="set a password"):
            resend_link(cast.user("farah"), actor=gul, at=now)
    assert is_refused(gul, user.pk, now)


def test_the_database_refuses_approval_by_one_person(cast, now, gul):
    propose_role(cast, "celia", "privacy_officer", now)
    settled = "UPDATE accounts_staffchange SET state = 'approved', settled_at = now(), settled_by = "
    with in_client(PAKTALEEM):
        for column, constraint in (("requested_by", "by_two_people"), ("user_id", "not_by_its_user")):
            with pytest.raises(IntegrityError, match=constraint), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(settled + column)


TIMES = 8


def test_one_of_many_simultaneous_proposals_of_a_role_waits(committed, now):
    def propose(_):
        try:
            return type(propose_role(committed, "bilal", "client_admin", now, committed.client_id("indus")))
        except AlreadyProposed as refused:
            return type(refused)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TIMES) as pool:
        found = list(pool.map(propose, range(TIMES)))
    assert sorted(found, key=str) == sorted([StaffChange] + [AlreadyProposed] * (TIMES - 1), key=str)


FRESH = "a-wholly-new-pass-phrase"


@pytest.fixture
def amina(cast):
    return browser_of(cast.user("amina"))


def roles(cast, name):
    return {choice.role for choice in list_memberships(cast.user_id(name), at=timezone.now())}


def add_role(browser, cast, name, role, client=PAKTALEEM):
    given = {"client": str(client), "user": str(cast.user_id(name)), "role": role, "reason": "onboarding"}
    return browser.post("/admin/accounts/membership/add/", given, follow=True)


def test_one_officer_cannot_make_an_officer_or_a_client_administrator_or_widen_a_role(amina, cast):
    add_role(amina, cast, "celia", "privacy_officer")
    assert roles(cast, "celia") == {"client_admin"}
    add_role(amina, cast, "bilal", "client_admin", cast.client_id("indus"))
    assert roles(cast, "bilal") == {"auditor"}
    with in_client(PAKTALEEM):
        membership = Membership.objects.get(user_id=cast.user_id("bilal"))
    amina.post(row_url("accounts/membership", membership.pk), {"role": "privacy_officer", "reason": "review"})
    assert roles(cast, "bilal") == {"auditor"}


def test_one_officer_cannot_re_enable_an_administrator(amina, cast):
    page = row_url("accounts/user", cast.user_id("farah"))
    given = {"full_name": "Farah", "language": "en", "reason": "review"}
    amina.post(page, {**given, "leaves_without": "on"})
    assert not cast.user("farah").is_active
    amina.post(page, {**given, "is_active": "on"})
    assert not cast.user("farah").is_active


def test_one_officer_cannot_set_a_password_or_reset_a_second_factor(amina, cast):
    given = {"reason": "review", "password": FRESH, "again": FRESH}
    amina.post(row_url("accounts/user", cast.user_id("farah"), "password"), given)
    assert cast.user("farah").check_password("farah@indus.example")
    with in_global():
        enrol_totp(cast.user("farah"), create_totp_secret())
    amina.post(row_url("accounts/user", cast.user_id("farah"), "second-factor"), {"reason": "review"})
    with in_global():
        assert has_second_factor(cast.user("farah"))


@pytest.mark.parametrize("command", [("createsuperuser",), ("changepassword", "farah@indus.example")])
def test_djangos_own_account_commands_are_refused(cast, command):
    with pytest.raises(CommandError, match="break_glass") as refused:
        call_command(*command)
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)


def test_a_new_member_of_staff_is_invited_by_email(amina, cast):
    given = {"email": "new@indus.example", "full_name": "New Colleague", "language": "ur", "reason": "onboarding"}
    amina.post("/admin/accounts/user/add/", {**given, "is_active": "on"})
    with in_global():
        assert not User.objects.get(email="new@indus.example").has_usable_password()
    [letter] = letters()
    assert letter.to == ["new@indus.example"]
    assert letter.extra_headers["Content-Language"] == "ur"
    page = reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "1-1"}).partition("1-1")[0]
    assert page in letter.body


def test_the_page_that_approves_says_what_is_proposed_by_whom_and_why(rows, cast_of_rows):
    browser = browser_of(cast_of_rows.user("farah"))
    for act in ("approve", "decline"):
        page = browser.get(row_url("accounts/staffchange", rows["accounts/staffchange"], act))
        told = dict(page.context["facts"])
        assert told["Sees"] == "everyone"
        assert told["Requested by"] == "PakTaleem", "no client learns which officer it was"
        assert told["Reason"] == "Set-up of a client or person"
        assert told["Ground"] == "They asked me."
        assert all(f"<dd>{value}</dd>" in page.content.decode() for value in told.values())


# The person who requests a change never approves it, also if several people approve at the same time.


TRIES = int(os.environ.get("TWO_PEOPLE_TRIES", "20"))


class Approving:
    """People who approve the same change in threads of their own, released at once."""

    def __init__(self, people: list[Actor], client_id: UUID, at: datetime) -> None:
        self.people, self.client_id, self.at = people, client_id, at
        self.barrier = Barrier(len(people), timeout=60)

    def approve(self, pool: ThreadPoolExecutor, change: UUID) -> list[str]:
        """Return what came of each person's approval, in the order of the people."""
        return list(pool.map(lambda person: self._approve_as(person, change), self.people))

    def _approve_as(self, person: Actor, change: UUID) -> str:
        try:
            with in_client(self.client_id):
                row = LegalDisclosure.objects.get(pk=change)
                self.barrier.wait()
                decide_legal_disclosure(row, approve=True, actor=person, at=self.at)
        except (ApproverIsRequester, ChangeAlreadyDecided) as refusal:
            return type(refusal).__name__
        finally:
            connections.close_all()
        return "approved"


def test_the_requester_never_approves_when_three_people_approve_at_once(committed, now):
    requester, first, second = people = [officer() for _ in range(3)]
    client_id = committed.client_id("indus")
    approving = Approving(people, client_id, now)
    with ThreadPoolExecutor(len(people)) as pool:
        for _ in range(TRIES):
            with in_client(client_id):
                danish = committed.subject("danish")
                change = request_legal_disclosure(danish, demand(now), actor=requester, at=now).pk
            own, *others = approving.approve(pool, change)
            with in_client(client_id):
                row: Any = LegalDisclosure.objects.get(pk=change)
            assert own in {"ApproverIsRequester", "ChangeAlreadyDecided"}
            assert sorted(others) == ["ChangeAlreadyDecided", "approved"]
            assert row.state == ChangeState.APPROVED
            assert row.settled_by == (first, second)[others.index("approved")].id
