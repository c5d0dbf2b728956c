"""An administrator of a client invites, limits and ends colleagues without PakTaleem."""

import dataclasses
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone

from paktaleem.directory.schools.models import School
from paktaleem.foundation.accounts.actors import (
    Actor,
    NotAllowed,
    key_actor,
    person_actor,
    require,
    require_about,
    system_actor,
    user_actor,
)
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.leaving import LastAdministrator
from paktaleem.foundation.accounts.models import ApiKey, Membership, User
from paktaleem.foundation.accounts.roles import KEY_SCOPES, OFFICER_ROLES, Capability, Role
from paktaleem.foundation.accounts.second_person import ApproverNotIndependent
from paktaleem.foundation.accounts.selectors import find_key_actor, list_memberships
from paktaleem.foundation.accounts.services import issue_api_key
from paktaleem.foundation.accounts.staff_accounts import OutsideOwnSchools
from paktaleem.foundation.accounts.staff_changes import StaffChange
from paktaleem.foundation.accounts.staff_services import (
    Colleague,
    change_membership,
    decide_staff_change,
    end_membership,
    invite_colleague,
    resend_invitation,
)
from paktaleem.foundation.tenancy.context import in_client, in_global
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.accounts.officers import approve, second_officer
from tests.cast import Cast, refused_to
from tests.console.pages import list_url, row_url
from tests.factories import CAST_AT, make_staff
from tests.school_limits.limiting import make_school, set_limit
from tests.schools.making import enrolled, given, record
from tests.signing_in import browser_of

NEW = Colleague("new@indus.example", "New Colleague", "ur")


@pytest.fixture
def celia(cast):
    return second_admin(cast)


def invite(cast: Cast, at: datetime, *, who: Colleague = NEW, role: str = "client_auditor", by: Any = "farah") -> Any:
    where, actor = cast.client_id("indus"), cast.actor(by) if isinstance(by, str) else by
    with in_client(where):
        return invite_colleague(
            who, client_id=where, role=role, ground="They asked me.", actor=actor, reason="onboarding", at=at
        )


def end(cast: Cast, name: str, at: datetime, *, by: str = "farah") -> Membership:
    with in_client(cast.client_id("indus")):
        membership = Membership.objects.get(user_id=cast.user_id(name), ends_at=None)
        return end_membership(membership, actor=cast.actor(by), reason="review", at=at)


def limit(cast: Cast, name: str, at: datetime, *, by: str = "farah") -> Any:
    with in_client(cast.client_id("indus")):
        membership = Membership.objects.get(user_id=cast.user_id(name), ends_at=None)
        membership.role = "client_auditor"
        return change_membership(membership, ground="They asked me.", actor=cast.actor(by), reason="review", at=at)


def decide(change: StaffChange, actor: Actor, at: datetime) -> StaffChange:
    with in_client(change.client_id):
        return decide_staff_change(change, approve=True, actor=actor, reason="review", at=at)


def issue(cast: Cast, name: str, actor: Actor, at: datetime) -> str:
    values: dict[str, Any] = {"scopes": ["subjects:read"], "expires_at": at + timedelta(days=9), "at": at}
    with in_client(cast.client_id("indus")):
        return issue_api_key(cast.client_id("indus"), name=name, actor=actor, **values)[1]


def user_at(email: str) -> User:
    with in_global():
        return User.objects.get(email=email)


def second_admin(cast: Cast) -> Actor:
    make_staff(cast.user("celia").email, ("client_admin", cast.client_id("indus")))
    return user_actor(cast.user_id("celia"), "client_admin", cast.client_id("indus"))


def test_an_administrator_invites_an_auditor_alone(cast, now, indus_id):
    membership = invite(cast, now)
    user = user_at("new@indus.example")
    assert (user.full_name, user.language, user.has_usable_password()) == ("New Colleague", "ur", False)
    assert [(one.id, one.role) for one in list_memberships(user.pk, at=now)] == [(membership.pk, "client_auditor")]
    with in_client(indus_id):
        assert membership.history.get().actor_id == cast.user_id("farah")
    with pytest.raises(ValidationError, match="has a role here already"):
        invite(cast, now)
    refused_to("bilal sana celia", lambda name: invite(cast, now, by=name))
    refused_to("bilal sana celia", lambda name: end(cast, "farah", now, by=name))


def test_an_account_that_exists_gets_the_role_and_no_new_password(cast, now, indus_id):
    invite(cast, now, who=Colleague(" CELIA@khyber.example ", "Another Name"))
    celia = cast.user("celia")
    assert (celia.full_name, celia.has_usable_password()) == ("Celia", True)
    assert {one.client_id for one in list_memberships(celia.pk, at=now)} == {indus_id, cast.client_id("khyber")}
    with in_global():
        User.objects.filter(pk=cast.user_id("bilal")).update(is_active=False)
    with pytest.raises(ValidationError, match="disabled"):
        invite(cast, now, who=Colleague("bilal@paktaleem.example", "Bilal"))


def test_a_client_auditor_may_not_invite_and_a_clients_administrator_not_at_paktaleem(cast, now, indus_id):
    with pytest.raises(NotAllowed):
        invite(cast, now, by=user_actor(cast.user_id("farah"), "client_auditor", indus_id))
    by = {"actor": user_actor(cast.user_id("celia"), "client_admin", PAKTALEEM), "reason": "review", "at": now}
    with in_client(PAKTALEEM), pytest.raises(NotAllowed):
        invite_colleague(NEW, client_id=PAKTALEEM, role="auditor", ground="They asked me.", **by)


def test_an_administrators_role_takes_a_second_administrator_or_an_officer(cast, now, celia, indus_id):
    proposed, gul = invite(cast, now, role="client_admin"), second_officer()
    new = user_at(NEW.email)
    assert list_memberships(new.pk, at=now) == []
    decide(proposed, celia, now)
    assert [one.role for one in list_memberships(new.pk, at=now)] == ["client_admin"]
    other = invite(cast, now, who=Colleague("third@indus.example", "Third"), role="client_admin")
    with pytest.raises(ApproverNotIndependent):  # Farah invited who would approve
        decide(other, user_actor(new.pk, "client_admin", indus_id), now)
    assert decide(other, gul, now).state == "approved"


def test_a_member_who_leaves_loses_sessions_and_keys_at_once(cast, celia, indus_id):
    now = timezone.now()
    own, other = issue(cast, "Own", celia, now), issue(cast, "Other", cast.actor("farah"), now)
    browser = browser_of(cast.user("celia"))
    stolen = Client()
    stolen.cookies["sessionid"] = browser.cookies["sessionid"].value
    end(cast, "celia", now)
    for one in (browser, stolen):
        assert one.get("/accounts/2fa/")["Location"].startswith("/admin/login/")
    assert find_key_actor(own, at=now) is None
    assert find_key_actor(other, at=now) is not None
    with in_client(indus_id):
        assert ApiKey.objects.get(name="Own").history.latest().actor_id == cast.user_id("farah")
    assert browser_of(cast.user("celia")).get("/accounts/2fa/").status_code == 200  # still Khyber's administrator


def test_an_administrator_who_becomes_an_auditor_loses_keys(cast, now, celia):
    secret = issue(cast, "Own", celia, now)
    limit(cast, "celia", now)
    assert find_key_actor(secret, at=now) is None


@pytest.mark.usefixtures("celia")
@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!unset"}, None], ids=str)
@pytest.mark.parametrize("by", ["farah", "amina"])
def test_the_last_administrator_who_can_sign_in_stays(cast, now, change, by):
    if change is None:
        limit(cast, "celia", CAST_AT)
    else:
        with in_global():
            User.objects.filter(pk=cast.user_id("celia")).update(**change)
    for act in (end, limit):
        with pytest.raises(LastAdministrator):
            act(cast, "farah", now, by=by)
    assert [one.role for one in list_memberships(cast.user_id("farah"), at=now)] == ["client_admin"]


@pytest.mark.usefixtures("celia")
def test_an_administrator_leaves_when_another_remains(cast, now):
    end(cast, "farah", now)
    assert list_memberships(cast.user_id("farah"), at=now) == []


def test_of_two_administrators_who_end_each_other_at_once_one_remains(committed, now):
    celia, both = second_admin(committed), Barrier(2)
    pairs = [(committed.actor("farah"), "celia"), (celia, "farah")]

    def run(pair: tuple[Any, str]) -> type:
        actor, name = pair
        try:
            with in_client(committed.client_id("indus")):
                membership = Membership.objects.get(user_id=committed.user_id(name), ends_at=None)
                both.wait()
                return type(end_membership(membership, actor=actor, reason="review", at=now))
        except LastAdministrator as refused:
            return type(refused)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(run, pairs))
    assert sorted(found, key=str) == sorted([Membership, LastAdministrator], key=str)


def test_an_invitation_is_sent_again_until_the_password_is_set(cast, now, indus_id):
    membership, before = invite(cast, now), user_at(NEW.email).password
    with in_client(indus_id):
        resend_invitation(membership, actor=cast.actor("farah"), reason="review", at=now)
        own = Membership.objects.get(user_id=cast.user_id("farah"))
        with pytest.raises(Refused, match="set a password"):
            resend_invitation(own, actor=cast.actor("farah"), reason="review", at=now)
    assert user_at(NEW.email).password != before  # the earlier link is invalid


def test_the_console_invites_limits_and_ends_a_colleague(cast, sign_in):
    browser, model = sign_in("farah"), "accounts/membership"
    form = browser.get(list_url(model) + "add/").content.decode()
    assert 'name="email"' in form
    assert "bilal@paktaleem.example" not in form
    assert 'value="privacy_officer"' not in form
    given = {"email": NEW.email, "full_name": NEW.full_name, "language": "en", "reason": "onboarding"}
    refused = browser.post(list_url(model) + "add/", {**given, "role": "privacy_officer"})
    assert refused.status_code == 200
    browser.post(list_url(model) + "add/", {**given, "role": "client_auditor"})
    page = browser.get(list_url(model)).content.decode()
    assert ("Invited" in page, "New Colleague" in page) == (True, True)
    made = cast.get(Membership, user__email=NEW.email)
    issue(cast, "Grades", user_actor(made.user_id, "client_admin", cast.client_id("indus")), timezone.now())
    wider = {"role": "client_admin", "reason": "review", "ground": "She runs it."}
    widened = browser.post(row_url(model, made.pk), wider, follow=True)
    assert "Another person must approve it" in widened.content.decode()
    assert "farah@indus.example" in browser.get(list_url("accounts/staffchange")).content.decode()
    assert "Grades (ptk_" in browser.get(row_url(model, made.pk, "end")).content.decode()
    browser.post(row_url(model, made.pk, "end"), {"reason": "review"})
    with in_client(cast.client_id("indus")):
        made.refresh_from_db()
        assert made.ends_at is not None
        own = Membership.objects.get(user_id=cast.user_id("farah"))
    answer = browser.post(row_url(model, own.pk, "end"), {"reason": "review"})
    assert "last administrator" in answer.content.decode()


@pytest.mark.parametrize("page", ["change", "end", "history"])
def test_the_pages_of_a_membership_name_its_member(cast, sign_in, page):
    row = cast.get(Membership, user_id=cast.user_id("farah"))
    shown = sign_in("amina").get(row_url("accounts/membership", row.pk, page)).content.decode()
    assert f"<bdi>{cast.user('farah').email}: Client administrator</bdi>" in shown


ONE, OTHER, PERSON = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()


def actor_in(role):
    if role is Role.API_KEY:
        return key_actor(uuid.uuid4(), ONE, KEY_SCOPES)
    if role is Role.SYSTEM:
        return system_actor("task")
    if role is Role.DATA_SUBJECT:
        return person_actor(PERSON, ONE, acts_for=PERSON)
    return user_actor(uuid.uuid4(), role, PAKTALEEM if role in OFFICER_ROLES else ONE)


def permitted(actor, client_id):
    return {capability.value for capability in Capability if is_permitted(actor, capability, client_id)}


def is_permitted(actor, capability, client_id):
    """Return False if it is refused with the sentence about what the role may not do."""
    try:
        require(actor, capability, client_id)
    except NotAllowed as refusal:
        return "may not" not in str(refusal)
    return True


@pytest.mark.parametrize("role", Role)
def test_require_follows_the_table(role):
    assert permitted(actor_in(role), ONE) == {capability.value for capability in Capability if role in capability.roles}


@pytest.mark.parametrize("role", [Role.CLIENT_ADMIN, Role.API_KEY])
def test_roles_of_a_client_may_not_act_for_another(role):
    assert permitted(actor_in(role), OTHER) == set()


@pytest.mark.parametrize(
    ("role", "at"), [(Role.CLIENT_ADMIN, PAKTALEEM), *((role, ONE) for role in sorted(OFFICER_ROLES))]
)
def test_an_officers_role_at_a_school_or_a_schools_at_paktaleem_sees_that_one_only(role, at):
    actor = user_actor(uuid.uuid4(), role, at)
    assert actor.client_id == at
    assert not actor.may(Capability.VIEW_SUBJECTS, OTHER)
    assert not actor.may(Capability.REGISTER_SUBJECTS, OTHER)


def test_a_person_acts_only_for_themselves_or_their_child():
    child = uuid.uuid4()
    person, guardian = person_actor(PERSON, ONE, acts_for=PERSON), person_actor(PERSON, ONE, acts_for=child)
    for actor, own, foreign in ((person, PERSON, child), (guardian, child, PERSON)):
        require_about(actor, Capability.RECORD_CONSENTS, subject_id=own, client_id=ONE)
        for subject_id, client_id in ((foreign, ONE), (own, OTHER)):
            with pytest.raises(NotAllowed):
                require_about(actor, Capability.RECORD_CONSENTS, subject_id=subject_id, client_id=client_id)


def test_an_actor_is_immutable():
    actor = actor_in(Role.AUDITOR)
    for field in ("client_id", "capabilities", "role"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(actor, field, None)
    with pytest.raises((AttributeError, TypeError)):
        actor.is_superuser = True
    assert isinstance(actor.capabilities, frozenset)


def test_an_unknown_role_is_refused():
    with pytest.raises(ValueError, match="root"):
        user_actor(uuid.uuid4(), "root", PAKTALEEM)


@pytest.mark.parametrize("scope", KEY_SCOPES)
def test_a_key_has_the_capabilities_of_its_scope_and_these_are_of_keys(scope):
    assert key_actor(uuid.uuid4(), ONE, [scope]).capabilities == KEY_SCOPES[scope]
    assert all(Role.API_KEY in capability.roles for capability in KEY_SCOPES[scope])


@pytest.mark.parametrize("scopes", [[], ["root"], ["subjects:*"], ["SUBJECTS:READ"]])
def test_an_unknown_scope_gives_no_capabilities(scopes):
    assert key_actor(uuid.uuid4(), ONE, scopes).capabilities == frozenset()


def test_a_task_is_always_the_same_actor():
    assert system_actor("age-out").id == system_actor("age-out").id != system_actor("disposal").id


# A colleague is limited to schools of a client: who gives the limit_to, and that no page, search or export leaks.


NORTH, SOUTH = "lyari", "clifton"
GULNAZ = Colleague("gulnaz@indus.example", "Gulnaz")
type Schools = dict[str, UUID]


@pytest.fixture
def schools(cast, indus_id, now):
    """Danish is at Lyari, Hamza at Clifton; the schools' ids by LMS id."""
    with in_client(indus_id):
        client = cast.client("indus")
        record(client, given(enrolled("lms-danish"), enrolled("lms-hamza", "c9")), now)
        return dict(School.objects.values_list("external_id", "pk"))


def limit_to(cast: Cast, user_id: UUID, ids: list[UUID] | None, at: datetime, *, by: Actor | None = None) -> Any:
    actor = by or cast.actor("farah")
    with in_client(cast.client_id("indus"), schools=actor.schools):
        membership = Membership.objects.get(user_id=user_id, ends_at=None)
        membership.school_ids = ids
        return change_membership(membership, ground="They asked me.", actor=actor, reason="review", at=at)


def invite_limited(
    cast: Cast, who: Colleague, ids: list[UUID] | None, at: datetime, *, by: Actor, role: str = "client_auditor"
) -> Any:
    given: dict[str, Any] = {"client_id": cast.client_id("indus"), "role": role, "school_ids": ids}
    with in_client(given["client_id"], schools=by.schools):
        return invite_colleague(who, **given, ground="They asked me.", actor=by, reason="onboarding", at=at)


@pytest.fixture
def head(cast, indus_id, schools, now):
    """Nadia, an administrator of Indus whom the host made and Farah limited to Lyari."""
    user = make_staff("nadia@indus.example", ("client_admin", indus_id))
    limit_to(cast, user.pk, [schools[NORTH]], now)
    return user


@pytest.fixture
def nadia(head, indus_id, schools):
    return user_actor(head.pk, "client_admin", indus_id, schools=[schools[NORTH]])


def test_who_gives_takes_and_widens_a_limit(cast, indus_id, schools, now):
    farah, second = cast.actor("farah"), make_staff("nadia@indus.example", ("client_admin", indus_id))
    auditor = invite_limited(cast, GULNAZ, [schools[NORTH]], now, by=farah)
    limit_to(cast, auditor.user_id, [schools[NORTH], schools[SOUTH]], now)
    [choice] = list_memberships(auditor.user_id, at=now)
    assert choice.school_ids == [schools[NORTH], schools[SOUTH]]
    with in_client(indus_id):
        values: dict[str, Any] = {"scopes": ["subjects:read"], "expires_at": now + timedelta(days=9), "at": now}
        key = issue_api_key(indus_id, name="x", actor=user_actor(second.pk, "client_admin", indus_id), **values)[0]
    limit_to(cast, second.pk, [schools[NORTH]], now)
    with in_client(indus_id):
        assert ApiKey.objects.get(pk=key.pk).revoked_at == now, "a limited administrator keeps no key of all schools"
        with pytest.raises(LastAdministrator):
            limit_to(cast, farah.id, [schools[NORTH]], now)
    limit_to(cast, second.pk, None, now)
    assert list_memberships(second.pk, at=now)[0].school_ids == [schools[NORTH]], "nothing has changed yet"
    approve(indus_id, now)
    assert list_memberships(second.pk, at=now)[0].school_ids is None


def test_a_limit_names_schools_of_the_client_only(cast, indus_id, schools, now):
    farah, khyber = cast.actor("farah"), cast.client_id("khyber")
    other = make_school(cast, "madrasa", client="khyber")
    second = make_staff("nadia@indus.example", ("client_admin", indus_id))
    for ids in ([uuid4()], [schools[NORTH], uuid4()], [other]):
        with pytest.raises(ValidationError, match="Name only schools of this client") as refusal:
            invite_limited(cast, GULNAZ, ids, now, by=farah)
        assert list(refusal.value.message_dict) == ["school_ids"]
        with pytest.raises(ValidationError, match="Name only schools"):
            invite_limited(cast, GULNAZ, ids, now, by=farah, role="client_admin")
        with pytest.raises(ValidationError, match="Name only schools"):
            limit_to(cast, second.pk, ids, now)
    with in_client(indus_id):
        School.objects.filter(pk=schools[NORTH]).update(ended_at=now)
    made = invite_limited(cast, GULNAZ, [schools[NORTH]], now, by=farah)
    with in_client(khyber), pytest.raises(IntegrityError, match="schools of the client only"), transaction.atomic():
        set_limit(cast.user_id("celia"), schools[NORTH])
    assert list_memberships(made.user_id, at=now)[0].school_ids == [schools[NORTH]]


def test_a_limited_administrator_manages_only_within_their_schools(cast, schools, nadia, indus_id, now):
    made = invite_limited(cast, GULNAZ, [schools[NORTH]], now, by=nadia)
    for ids in (None, [schools[SOUTH]], [schools[NORTH], schools[SOUTH]]):
        with pytest.raises(OutsideOwnSchools):
            invite_limited(cast, Colleague("x@indus.example", "X"), ids, now, by=nadia)
        with pytest.raises(OutsideOwnSchools):
            limit_to(cast, made.user_id, ids, now, by=nadia)
        with pytest.raises(OutsideOwnSchools):
            limit_to(cast, nadia.id, ids, now, by=nadia)
    with pytest.raises(NotAllowed, match="may not propose"):
        invite_limited(cast, Colleague("x@indus.example", "X"), [schools[NORTH]], now, by=nadia, role="client_admin")
    with pytest.raises(ValidationError, match="has a role here already"):
        invite_limited(cast, Colleague("farah@indus.example", "F"), [schools[NORTH]], now, by=nadia)
    with in_client(indus_id, schools=nadia.schools):
        assert {one.user_id for one in Membership.objects.all()} == {nadia.id, made.user_id}
        end_membership(made, actor=nadia, reason="review", at=now)
        with pytest.raises(NotAllowed):
            issue_api_key(indus_id, name="x", scopes=[], actor=nadia, expires_at=now + timedelta(days=9), at=now)


def test_every_page_agrees_with_the_limit_and_a_changed_one_is_effective_at_once(cast, head, indus_id, schools, now):
    browser, danish, hamza = browser_of(head), cast.subject_id("danish"), cast.subject_id("hamza")
    people = browser.get(list_url("people/subject")).content.decode()
    assert "lms-danish" in people
    assert "lms-esra" in people
    assert not [hidden for hidden in ("lms-hamza", "lms-iqra", "lms-junaid") if hidden in people]
    assert "You see people of:" in people
    assert "<bdi>Lyari School</bdi>" in people
    assert browser.get(row_url("people/subject", danish)).status_code == 200
    assert browser.get(row_url("people/subject", hamza)).status_code == 404
    limit_to(cast, head.pk, [schools[SOUTH]], now)
    approve(indus_id, now)
    people = browser.get(list_url("people/subject")).content.decode()
    assert ("lms-hamza" in people, "lms-danish" in people) == (True, False)


def test_the_console_invites_within_a_limit_and_shows_it(cast, head, schools):
    farah, nadia = browser_of(cast.user("farah")), browser_of(head)
    role = {"role": "client_auditor", "reason": "review"}
    new = {"email": GULNAZ.email, "full_name": "Gulnaz", "language": "ur", **role}
    add = list_url("accounts/membership") + "add/"
    for browser, text, refusal in (
        (farah, "karachi-west", "No school that you may choose has these ids or names: karachi-west."),
        (nadia, SOUTH, f"No school that you may choose has these ids or names: {SOUTH}."),
        (nadia, "", "Name at least one of your own schools."),
    ):
        assert refusal in browser.post(add, {**new, "schools": text}).content.decode()
    assert nadia.post(add, {**new, "schools": NORTH}).status_code == 302
    made = cast.get(Membership, user__email=GULNAZ.email)
    assert made.school_ids == [schools[NORTH]]
    change = row_url("accounts/membership", made.pk)
    page = farah.get(change).content.decode()
    assert f"{NORTH}</textarea>" in page
    changed = farah.post(change, {**role, "schools": f"{NORTH}\nclifton school"})
    assert changed.status_code == 302
    with in_client(cast.client_id("indus")):
        made.refresh_from_db()
        end_membership(made, actor=cast.actor("farah"), reason="review", at=timezone.now())
    seen = farah.get(change).content.decode()
    assert ("Clifton School, Lyari School" in seen, "</textarea>" in seen) == (True, False)
    rows = farah.get(list_url("accounts/membership")).content.decode()
    assert "Clifton School, Lyari School" in rows
    assert "everyone" in rows
