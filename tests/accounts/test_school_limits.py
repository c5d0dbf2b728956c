"""A colleague is limited to schools of a client: who gives the limit, and that no page, search or export leaks."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from paktaleem.directory.schools.models import School
from paktaleem.foundation.accounts.actors import Actor, NotAllowed, user_actor
from paktaleem.foundation.accounts.leaving import LastAdministrator
from paktaleem.foundation.accounts.models import ApiKey, Membership
from paktaleem.foundation.accounts.selectors import list_memberships
from paktaleem.foundation.accounts.services import issue_api_key
from paktaleem.foundation.accounts.staff_accounts import OutsideOwnSchools
from paktaleem.foundation.accounts.staff_services import (
    Colleague,
    change_membership,
    end_membership,
    invite_colleague,
)
from paktaleem.foundation.tenancy.context import in_client
from tests.accounts.officers import approve
from tests.cast import Cast
from tests.console.pages import list_url, row_url
from tests.factories import make_staff
from tests.school_limits.limiting import make_school, set_limit
from tests.schools.making import enrolled, given, record
from tests.signing_in import browser_of

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


def limit(cast: Cast, user_id: UUID, ids: list[UUID] | None, at: datetime, *, by: Actor | None = None) -> Any:
    actor = by or cast.actor("farah")
    with in_client(cast.client_id("indus"), schools=actor.schools):
        membership = Membership.objects.get(user_id=user_id, ends_at=None)
        membership.school_ids = ids
        return change_membership(membership, ground="They asked me.", actor=actor, reason="review", at=at)


def invite(
    cast: Cast, who: Colleague, ids: list[UUID] | None, at: datetime, *, by: Actor, role: str = "client_auditor"
) -> Any:
    given: dict[str, Any] = {"client_id": cast.client_id("indus"), "role": role, "school_ids": ids}
    with in_client(given["client_id"], schools=by.schools):
        return invite_colleague(who, **given, ground="They asked me.", actor=by, reason="onboarding", at=at)


@pytest.fixture
def head(cast, indus_id, schools, now):
    """Nadia, an administrator of Indus whom the host made and Farah limited to Lyari."""
    user = make_staff("nadia@indus.example", ("client_admin", indus_id))
    limit(cast, user.pk, [schools[NORTH]], now)
    return user


@pytest.fixture
def nadia(head, indus_id, schools):
    return user_actor(head.pk, "client_admin", indus_id, schools=[schools[NORTH]])


def test_who_gives_takes_and_widens_a_limit(cast, indus_id, schools, now):
    farah, second = cast.actor("farah"), make_staff("nadia@indus.example", ("client_admin", indus_id))
    auditor = invite(cast, GULNAZ, [schools[NORTH]], now, by=farah)
    limit(cast, auditor.user_id, [schools[NORTH], schools[SOUTH]], now)
    [choice] = list_memberships(auditor.user_id, at=now)
    assert choice.school_ids == [schools[NORTH], schools[SOUTH]]
    with in_client(indus_id):
        values: dict[str, Any] = {"scopes": ["subjects:read"], "expires_at": now + timedelta(days=9), "at": now}
        key = issue_api_key(indus_id, name="x", actor=user_actor(second.pk, "client_admin", indus_id), **values)[0]
    limit(cast, second.pk, [schools[NORTH]], now)
    with in_client(indus_id):
        assert ApiKey.objects.get(pk=key.pk).revoked_at == now, "a limited administrator keeps no key of all schools"
        with pytest.raises(LastAdministrator):
            limit(cast, farah.id, [schools[NORTH]], now)
    limit(cast, second.pk, None, now)
    assert list_memberships(second.pk, at=now)[0].school_ids == [schools[NORTH]], "nothing has changed yet"
    approve(indus_id, now)
    assert list_memberships(second.pk, at=now)[0].school_ids is None


def test_a_limit_names_schools_of_the_client_only(cast, indus_id, schools, now):
    farah, khyber = cast.actor("farah"), cast.client_id("khyber")
    other = make_school(cast, "madrasa", client="khyber")
    second = make_staff("nadia@indus.example", ("client_admin", indus_id))
    for ids in ([uuid4()], [schools[NORTH], uuid4()], [other]):
        with pytest.raises(ValidationError, match="Name only schools of this client") as refusal:
            invite(cast, GULNAZ, ids, now, by=farah)
        assert list(refusal.value.message_dict) == ["school_ids"]
        with pytest.raises(ValidationError, match="Name only schools"):
            invite(cast, GULNAZ, ids, now, by=farah, role="client_admin")
        with pytest.raises(ValidationError, match="Name only schools"):
            limit(cast, second.pk, ids, now)
    with in_client(indus_id):
        School.objects.filter(pk=schools[NORTH]).update(ended_at=now)
    made = invite(cast, GULNAZ, [schools[NORTH]], now, by=farah)
    with in_client(khyber), pytest.raises(IntegrityError, match="schools of the client only"), transaction.atomic():
        set_limit(cast.user_id("celia"), schools[NORTH])
    assert list_memberships(made.user_id, at=now)[0].school_ids == [schools[NORTH]]


def test_a_limited_administrator_manages_only_within_their_schools(cast, schools, nadia, indus_id, now):
    made = invite(cast, GULNAZ, [schools[NORTH]], now, by=nadia)
    for ids in (None, [schools[SOUTH]], [schools[NORTH], schools[SOUTH]]):
        with pytest.raises(OutsideOwnSchools):
            invite(cast, Colleague("x@indus.example", "X"), ids, now, by=nadia)
        with pytest.raises(OutsideOwnSchools):
            limit(cast, made.user_id, ids, now, by=nadia)
        with pytest.raises(OutsideOwnSchools):
            limit(cast, nadia.id, ids, now, by=nadia)
    with pytest.raises(NotAllowed, match="may not propose"):
        invite(cast, Colleague("x@indus.example", "X"), [schools[NORTH]], now, by=nadia, role="client_admin")
    with pytest.raises(ValidationError, match="has a role here already"):
        invite(cast, Colleague("farah@indus.example", "F"), [schools[NORTH]], now, by=nadia)
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
    limit(cast, head.pk, [schools[SOUTH]], now)
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
    with in_client(cast.client_id("indus")):
        made = Membership.objects.get(user__email=GULNAZ.email)
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
