"""Lawful bases are set by the controller, and a weaker safeguard takes a ground in words and a second person."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections

from consent.decisions.selectors.decisions import decide_all_purposes
from consent.notices.selectors.registers import bases_in_force
from consent.register.effects import WeakensSafeguard, count_concerned
from consent.register.models.agreements import ServiceAgreement
from consent.register.models.purposes import LawfulBasis, ListedLaw, Purpose, PurposeCapacity, SafeguardKind
from consent.register.services import change_register, end_period, request_safeguard_change
from paktaleem.foundation.accounts.actors import NotAllowed, user_actor
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change
from paktaleem.foundation.accounts.second_person import ChangeAlreadyDecided
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from paktaleem.office.demo.loading import list_laws
from paktaleem.office.demo.people import SAMPLE
from tests.consent.making import execute, give, officer, refuses
from tests.factories import SETTING_UP
from tests.waiting import wait_until_one_waits

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
WHY = Reason.REVIEW
NAMES = {"name_en": "Ads", "name_ur": "اشتہار", "description_en": "Ads.", "description_ur": "اشتہار"}
LAW = {"basis": "legal_obligation", "legal_reference": "Education Act s. 4"}


def purpose(code, client_id=None):
    found = Purpose.objects.filter(code=code)
    return found.get(client_id=client_id) if client_id else found.order_by("-client_id").first()


def basis(client, code, at, **values):
    row = {"role": "student", "starts_at": at, **LAW, **values}
    return LawfulBasis(client_id=client.pk, purpose=purpose(code), **row)


def change(cast, row, at, actor="farah"):
    return change_register(row, actor=cast.actor(actor), reason=WHY, at=at)


def request(cast, row, at, actor="farah", ground="The ministry ordered it on 1 September."):
    return request_safeguard_change(row, ground=ground, actor=cast.actor(actor), at=at)


def decide(cast, change, at, actor="amina", *, approve=True):
    approver = cast.actor(actor) if isinstance(actor, str) else actor
    return decide_proposed_change(change, approve=approve, actor=approver, at=at)


def decided(cast, client, code, at, person="hamza"):
    return decide_all_purposes(cast.actor("farah"), client.pk, f"lms-{person}", at=at, now=at)[code]


def own_consent(cast, client, at, code="support", **values):
    """Have the client ask for consent where PakTaleem's default is a contract."""
    row = basis(client, code, at, basis="consent", legal_reference="", role="instructor", **values)
    return change(cast, row, at)


def insert(row):
    """Insert a row as an attacker with the portal's database role would, past every service."""
    columns = {field.column: getattr(row, field.attname) for field in row._meta.concrete_fields}
    named, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    execute(f"INSERT INTO {row._meta.db_table} ({named}) VALUES ({marks})", *columns.values())  # noqa: S608 -- our models


# Who sets a lawful basis


@pytest.mark.parametrize("code", ["payment_billing", "platform_improvement", "security_integrity", "legal_compliance"])
@pytest.mark.parametrize("actor", ["farah", "amina"])
def test_where_paktaleem_is_controller_the_basis_is_paktaleems(cast, indus, now, code, actor):
    row = basis(indus, code, now)
    row.purpose_owner = PAKTALEEM
    before = str(decided(cast, indus, code, now).lawful_basis)
    with refuses("purpose"):
        change(cast, row, now, actor)
    with pytest.raises(IntegrityError, match="PakTaleem's to set"):
        insert(row)
    assert str(decided(cast, indus, code, now + MINUTE).lawful_basis) == before


def test_a_purpose_of_paktaleems_is_not_replaced_by_ones_own(cast, indus, now):
    with refuses("code"):
        change(cast, Purpose(client_id=indus.pk, code="payment_billing", **NAMES), now)
    with refuses("needs_account"):
        change(cast, Purpose(client_id=indus.pk, code="account_management", needs_account=False, **NAMES), now)


def test_a_client_sets_the_basis_where_it_is_controller(cast, indus, now):
    own_consent(cast, indus, now)
    with pytest.raises(ValidationError, match="weakens no safeguard"):
        request(cast, basis(indus, "support", now + DAY, basis="consent", legal_reference=""), now + DAY)
    assert decided(cast, indus, "support", now + MINUTE, "junaid").reason == "consent_missing"
    assert bases_in_force(indus.pk, at=now)[purpose("support").pk, "instructor"].basis == "consent"


def test_a_basis_does_not_state_who_is_controller(cast, indus, now):
    assert not hasattr(LawfulBasis, "capacity")
    row = PurposeCapacity(client_id=indus.pk, purpose=purpose("payment_billing"), capacity="processor", starts_at=now)
    with pytest.raises(NotAllowed):
        change(cast, row, now)
    assert change(cast, row, now, "amina").pk
    assert bases_in_force(indus.pk, at=now)[purpose("payment_billing").pk, "student"].capacity == "processor"
    own = basis(indus, "payment_billing", now + MINUTE, basis="contract", legal_reference="")
    assert change(cast, own, now + MINUTE).pk


def test_paktaleem_becomes_controller_for_one_client_with_a_second_person(cast, indus, now):
    own_consent(cast, indus, now)
    row = PurposeCapacity(client_id=indus.pk, purpose=purpose("support"), capacity="controller", starts_at=now + DAY)
    with pytest.raises(WeakensSafeguard) as caught:
        change(cast, row, now + DAY, "amina")
    assert caught.value.kind == SafeguardKind.CAPACITY
    row.purpose_owner = PAKTALEEM
    with pytest.raises(IntegrityError, match="second person"):
        insert(row)
    decide(cast, request(cast, row, now + DAY, "amina"), now + 2 * DAY, "farah")
    found = bases_in_force(indus.pk, at=now + 2 * DAY)[purpose("support").pk, "instructor"]
    assert (found.basis, found.capacity) == ("contract", "controller")
    assert decided(cast, indus, "support", now + 2 * DAY, "junaid").lawful_basis == "contract"
    assert bases_in_force(indus.pk, at=now + DAY)[purpose("support").pk, "instructor"].basis == "consent"


def test_paktaleem_becomes_controller_of_what_a_client_has_a_basis_for_with_a_second_person(cast, now):
    shared = Purpose(client_id=PAKTALEEM, code="trips", **NAMES)
    row = PurposeCapacity(client_id=PAKTALEEM, purpose=shared, capacity="controller", starts_at=now + DAY)
    with in_client(PAKTALEEM):
        change(cast, shared, now, "amina")
    with in_client(cast.client_id("indus")):
        change(cast, basis(cast.client("indus"), "trips", now, basis="consent", legal_reference=""), now)
    with in_client(PAKTALEEM):
        with pytest.raises(WeakensSafeguard) as caught:
            change(cast, row, now + DAY, "amina")
        assert caught.value.kind == SafeguardKind.CAPACITY
        with pytest.raises(IntegrityError, match="second person"):
            insert(row)


def test_paktaleem_is_controller_of_its_new_purpose_from_the_start(cast, now):
    with in_client(PAKTALEEM):
        shared = change(cast, Purpose(client_id=PAKTALEEM, code="trips", **NAMES), now, "amina")
        row = PurposeCapacity(client_id=PAKTALEEM, purpose=shared, capacity="controller", starts_at=now)
        assert change(cast, row, now, "amina").pk


# Consent to anything else

ROUTES = {
    "a row from now": lambda client, at: basis(client, "newsletter", at),
    "a row from a later day": lambda client, at: basis(client, "newsletter", at + 30 * DAY),
    "a row for a while": lambda client, at: basis(client, "newsletter", at, ends_at=at + DAY),
    "a contract": lambda client, at: basis(client, "newsletter", at, basis="contract", legal_reference=""),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("actor", ["farah", "amina"])
def test_consent_is_not_replaced_by_one_person(cast, indus, now, route, actor):
    row = ROUTES[route](indus, now)
    with pytest.raises(WeakensSafeguard):
        change(cast, row, now, actor)
    with pytest.raises(IntegrityError, match="second person"):
        insert(row)
    assert decided(cast, indus, "newsletter", now + MINUTE).lawful_basis == "consent"


def test_the_portals_own_role_cannot_either(cast, indus, now):
    with pytest.raises(WeakensSafeguard):
        change_register(basis(indus, "newsletter", now), actor=SETTING_UP, reason=WHY, at=now)
    with pytest.raises(NotAllowed):
        request_safeguard_change(basis(indus, "newsletter", now), ground="Why.", actor=SETTING_UP, at=now)
    with pytest.raises(NotAllowed):
        request_safeguard_change(basis(indus, "newsletter", now), ground="Why.", actor=cast.key_actor("indus"), at=now)


def test_a_consent_that_ends_leaves_no_weaker_basis_behind(cast, indus, now):
    row = own_consent(cast, indus, now)
    with pytest.raises(WeakensSafeguard):
        end_period(row, actor=cast.actor("farah"), reason=WHY, at=now + DAY)
    row.ends_at = now + 9 * DAY
    with pytest.raises(WeakensSafeguard):
        change(cast, row, now + DAY)
    with pytest.raises(IntegrityError, match="second person"):
        execute("UPDATE consent_lawfulbasis SET ends_at = %s WHERE id = %s", now + DAY, row.pk)
    with pytest.raises(IntegrityError, match="second person"):
        execute("UPDATE consent_lawfulbasis SET basis = 'contract' WHERE id = %s", row.pk)
    assert decided(cast, indus, "support", now + 2 * DAY, "junaid").lawful_basis == "consent"


def test_an_end_takes_effect_when_it_is_approved(cast, indus, now):
    row = own_consent(cast, indus, now)
    row.ends_at = now + DAY
    waiting = request(cast, row, now + DAY)
    assert decided(cast, indus, "support", now + DAY, "junaid").lawful_basis == "consent"
    decide(cast, waiting, now + 2 * DAY)
    assert LawfulBasis.objects.get(pk=row.pk).ends_at == now + 2 * DAY
    assert decided(cast, indus, "support", now + 2 * DAY, "junaid").lawful_basis == "contract"


def test_a_consent_without_anything_behind_it_may_end(cast, indus, now):
    row = LawfulBasis.objects.get(purpose=purpose("newsletter"), role="student")
    assert end_period(row, actor=cast.actor("farah"), reason=WHY, at=now).ends_at == now
    assert decided(cast, indus, "newsletter", now + MINUTE).reason == "basis_missing"


@pytest.mark.parametrize("pause", [timedelta(0), 40 * DAY])
def test_a_consent_that_has_ended_is_not_followed_by_another_basis(cast, indus, now, pause):
    row = LawfulBasis.objects.get(purpose=purpose("newsletter"), role="student")
    end_period(row, actor=cast.actor("farah"), reason=WHY, at=now)
    later = now + pause
    with pytest.raises(WeakensSafeguard):
        change(cast, basis(indus, "newsletter", later), later)
    with pytest.raises(IntegrityError, match="second person"):
        insert(basis(indus, "newsletter", later))
    assert change(cast, basis(indus, "newsletter", later, basis="consent", legal_reference=""), later).pk


def elsewhere(client_id, function, *args, **kwargs):
    """Run a function in a client's context, for a thread with its own connection."""
    try:
        with in_client(client_id):
            function(*args, **kwargs)
    finally:
        connections.close_all()


def test_two_people_at_once_do_not_end_the_last_consent(committed, now):
    indus = committed.client_id("indus")
    with in_client(indus):
        rows = [own_consent(committed, committed.client("indus"), now + one * MINUTE) for one in range(2)]
    by = {"actor": committed.actor("farah"), "reason": WHY, "at": now + DAY}
    with ThreadPoolExecutor(1) as pool:
        with in_client(indus):
            end_period(rows[1], **by)
            other = pool.submit(elsewhere, indus, end_period, rows[0], **by)
            wait_until_one_waits()
        with pytest.raises(WeakensSafeguard):
            other.result(20)


def test_a_change_is_replaced_while_it_is_approved(committed, now):
    indus = committed.client_id("indus")
    with in_client(indus):
        row = purpose("newsletter", indus)
        row.needs_account = False
        waiting = request(committed, row, now)
    with ThreadPoolExecutor(1) as pool:
        with in_client(indus):
            Purpose.objects.select_for_update().get(pk=row.pk)
            other = pool.submit(elsewhere, indus, decide, committed, waiting, now + DAY)
            wait_until_one_waits()
            later = request(committed, row, now + MINUTE)
        with pytest.raises(ChangeAlreadyDecided):
            other.result(20)
    with in_client(indus):
        assert ProposedChange.objects.get(pk=later.pk).state == "waiting"
        assert purpose("newsletter", indus).needs_account


def test_a_basis_that_has_not_started_is_not_turned_into_another(cast, indus, now):
    row = own_consent(cast, indus, now + 30 * DAY)
    row.basis, row.legal_reference = "legal_obligation", "Education Act s. 4"
    with pytest.raises(WeakensSafeguard):
        change(cast, row, now)


def test_with_a_ground_and_a_second_person_it_takes_effect(cast, indus, now):
    give(cast.subject("junaid"), now, state="refused", actor=cast.key_actor("indus"))
    assert decided(cast, indus, "newsletter", now, "junaid").reason == "consent_refused"
    row = basis(indus, "newsletter", now + MINUTE, role="instructor")
    effect = count_concerned(SafeguardKind.BASIS, client_id=indus.pk, purposes=[row.purpose_id], roles=["instructor"])
    assert (effect.people, effect.given, effect.refused, effect.clients) == (1, 0, 1, 1)
    change = request(cast, row, now + MINUTE)
    assert decided(cast, indus, "newsletter", now + DAY, "junaid").reason == "consent_refused"
    decide(cast, change, now + DAY)
    assert decided(cast, indus, "newsletter", now + DAY, "junaid").allowed
    found = LawfulBasis.objects.get(pk=row.pk)
    assert (found.basis, found.starts_at) == ("legal_obligation", now + DAY)
    assert found.history.latest().actor_id == cast.user_id("amina")
    with pytest.raises(ChangeAlreadyDecided):
        decide(cast, change, now + DAY)
    entries = Entry.objects.filter(kind__startswith="safeguard.").order_by("recorded_at")
    assert [one.kind for one in entries] == ["safeguard.change_waiting", "safeguard.change_settled"]
    assert not entries.filter(body__contains="ministry").exists()


def test_what_is_declined_changes_nothing(cast, indus, now):
    change = decide(cast, request(cast, basis(indus, "newsletter", now), now), now + DAY, approve=False)
    assert change.state == "declined"
    assert not LawfulBasis.objects.filter(pk=change.row).exists()
    with pytest.raises(IntegrityError, match="second person"):
        insert(basis(indus, "newsletter", now + DAY, id=change.row))


@pytest.mark.parametrize("ground", ["", "   "])
def test_a_ground_is_given_in_words(cast, indus, now, ground):
    with refuses("ground"):
        request(cast, basis(indus, "newsletter", now), now, ground=ground)


def test_the_database_refuses_an_approval_by_the_same_person(cast, indus, now):
    change = request(cast, basis(indus, "newsletter", now), now)
    same = "state = 'approved', settled_by = requested_by, settled_at = %s"
    with pytest.raises(IntegrityError, match="by_two_people"):
        execute(f"UPDATE accounts_proposedchange SET {same} WHERE id = %s", now, change.pk)  # noqa: S608


@pytest.mark.parametrize("actor", ["bilal", "sana", "celia"])
def test_others_neither_request_nor_approve(cast, indus, now, actor):
    with pytest.raises(NotAllowed):
        request(cast, basis(indus, "newsletter", now), now, actor)
    change = request(cast, basis(indus, "newsletter", now), now)
    with pytest.raises(NotAllowed):
        decide(cast, change, now + DAY, actor)


def test_a_client_admin_requests_no_change_of_what_is_paktaleems(cast, indus, now):
    shared = purpose("account_management", PAKTALEEM)
    shared.needs_account = False
    with pytest.raises(NotAllowed):
        request(cast, shared, now)
    row = PurposeCapacity(client_id=indus.pk, purpose=purpose("support"), capacity="controller", starts_at=now)
    with pytest.raises(NotAllowed):
        request(cast, row, now)


# A basis other than consent, without any consent before


def advertising(cast, client, at):
    """Add a purpose of the client's own, without a lawful basis."""
    return change(cast, Purpose(client_id=client.pk, code="ads", categories=["contact_details"], **NAMES), at)


@pytest.mark.parametrize("basis_code", ["legal_obligation", "contract", "legitimate_interest"])
@pytest.mark.parametrize("actor", ["farah", "amina"])
def test_one_person_alone_bases_no_new_purpose_on_anything_but_consent(cast, indus, now, basis_code, actor):
    advertising(cast, indus, now)
    law = {"basis": basis_code, "legal_reference": "Education Act s. 4" if basis_code == "legal_obligation" else ""}
    with pytest.raises(WeakensSafeguard) as caught:
        change(cast, basis(indus, "ads", now, **law), now, actor)
    assert caught.value.kind == SafeguardKind.BASIS
    with pytest.raises(IntegrityError, match="second person"):
        insert(basis(indus, "ads", now, purpose_owner=indus.pk, **law))
    assert decided(cast, indus, "ads", now + MINUTE).reason != "permitted"
    assert not decided(cast, indus, "ads", now + MINUTE).allowed


def test_the_client_instructs_it_and_an_officer_accepts(cast, indus, now):
    advertising(cast, indus, now)
    waiting = request(cast, basis(indus, "ads", now), now)
    with pytest.raises(NotAllowed):
        decide(cast, waiting, now + DAY, user_actor(new_id(), "client_admin", indus.pk))
    decide(cast, waiting, now + DAY, "amina")
    assert decided(cast, indus, "ads", now + DAY).lawful_basis == "legal_obligation"
    of_an_officer = request(cast, basis(indus, "ads", now + DAY, role="learner"), now + DAY, "amina")
    with pytest.raises(NotAllowed):
        decide(cast, of_an_officer, now + 2 * DAY, officer())
    assert decide(cast, of_an_officer, now + 2 * DAY, "farah").state == "approved"


def test_the_basis_that_applies_without_it_is_repeated_by_one_person(cast, indus, now):
    assert change(cast, basis(indus, "support", now, basis="contract", legal_reference=""), now).pk


def test_a_basis_that_ends_is_not_made_longer_by_one_person(cast, indus, now):
    advertising(cast, indus, now)
    decide(cast, request(cast, basis(indus, "ads", now, ends_at=now + 9 * DAY), now), now)
    row = LawfulBasis.objects.get(purpose__code="ads")
    row.ends_at = None
    with pytest.raises(WeakensSafeguard):
        change(cast, row, now + DAY)
    ProposedChange.objects.update(xact=1)  # as if it had been approved in an earlier transaction
    with pytest.raises(IntegrityError, match="second person"):
        execute("UPDATE consent_lawfulbasis SET ends_at = NULL WHERE id = %s", row.pk)


@pytest.mark.parametrize("reference", ["Decree 7", "education act s. 4", ""])
def test_a_legal_obligation_cites_a_law_that_officers_listed_for_the_country(cast, indus, now, reference):
    advertising(cast, indus, now)
    with pytest.raises(ValidationError) as caught:
        request(cast, basis(indus, "ads", now, legal_reference=reference), now)
    assert not isinstance(caught.value, WeakensSafeguard)
    assert "Education Act" in str(caught.value) or not reference
    with pytest.raises(NotAllowed):
        change(cast, ListedLaw(client_id=indus.pk, country="PK", citation="Decree"), now)


def test_where_no_law_is_listed_the_refusal_says_who_lists_it(cast, indus, now):
    advertising(cast, indus, now)
    row = basis(indus, "ads", now, legal_reference="Decree 7")
    row.client.country = "IE"
    with pytest.raises(ValidationError, match="No law is listed for Ireland yet"):
        request(cast, row, now)


@pytest.mark.parametrize("country", ["PK", "IE"])
def test_officers_list_the_laws_of_each_country(cast, now, country):
    with in_client(PAKTALEEM):
        change(cast, ListedLaw(client_id=PAKTALEEM, country=country, citation="Decree"), now, "amina")
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        advertising(cast, indus, now)
        row = basis(indus, "ads", now, legal_reference="Decree 7")
        if country == "PK":
            assert request(cast, row, now).state == "waiting"
        else:
            with pytest.raises(ValidationError):
                request(cast, row, now)


def test_the_demonstration_lists_laws_that_a_client_cites(cast, now):
    with in_client(PAKTALEEM):
        list_laws(now)
        list_laws(now)
        assert ListedLaw.objects.filter(citation__in=SAMPLE.laws).count() == len(SAMPLE.laws)
    with in_client(cast.client_id("indus")):
        advertising(cast, cast.client("indus"), now)
        row = basis(cast.client("indus"), "ads", now, legal_reference="Income Tax Ordinance 2001 s. 174")
        assert request(cast, row, now).state == "waiting"


def test_the_law_of_a_basis_in_force_is_not_replaced(cast, indus, now):
    advertising(cast, indus, now)
    decide(cast, request(cast, basis(indus, "ads", now), now), now)
    row = LawfulBasis.objects.get(purpose__code="ads")
    row.legal_reference = "Education Act s. 99"
    with refuses("legal_reference"):
        change(cast, row, now + DAY)


def test_a_legal_obligation_of_the_client_ends_with_its_agreement(cast, indus, now):
    advertising(cast, indus, now)
    decide(cast, request(cast, basis(indus, "ads", now), now), now)
    assert decided(cast, indus, "ads", now).allowed
    end_period(ServiceAgreement.objects.get(client_id=indus.pk), actor=cast.actor("amina"), reason=WHY, at=now + DAY)
    assert decided(cast, indus, "ads", now + 2 * DAY).reason == "agreement_ended"


# Closed accounts


def test_one_person_does_not_open_a_purpose_to_closed_accounts(cast, indus, now):
    row = purpose("newsletter")
    row.needs_account = False
    with pytest.raises(WeakensSafeguard) as caught:
        change(cast, row, now)
    assert caught.value.kind == SafeguardKind.ACCOUNT
    with pytest.raises(IntegrityError, match="second person"):
        execute("UPDATE consent_purpose SET needs_account = false WHERE id = %s", row.pk)
    decide(cast, request(cast, row, now), now + DAY)
    opened = purpose("newsletter")
    assert not opened.needs_account
    opened.needs_account = True
    assert change(cast, opened, now + 2 * DAY).needs_account


def test_a_change_in_between_is_not_undone_by_the_approval(cast, indus, now):
    row = purpose("newsletter")
    row.needs_account = False
    waiting = request(cast, row, now)
    renamed = purpose("newsletter")
    renamed.name_en = "Letters"
    change(cast, renamed, now + MINUTE)
    decide(cast, waiting, now + DAY)
    assert (purpose("newsletter").name_en, purpose("newsletter").needs_account) == ("Letters", False)


def test_a_shared_purpose_takes_two_people_of_paktaleem(cast, now):
    with in_client(PAKTALEEM):
        row = purpose("account_management", PAKTALEEM)
        row.needs_account = False
        with pytest.raises(WeakensSafeguard):
            change(cast, row, now, "amina")
        waiting = request(cast, row, now, "amina")
    with in_client(cast.client_id("indus")), pytest.raises(NotAllowed):
        decide(cast, waiting, now + DAY, "farah")
    with as_officer():
        assert ProposedChange.objects.get().state == "waiting"


def test_an_earlier_approval_does_not_cover_another_change(committed, now):
    indus = committed.client_id("indus")
    with in_client(indus):
        row = purpose("newsletter", indus)
        row.needs_account = False
        waiting = request(committed, row, now)
    with in_client(indus):
        decide(committed, waiting, now + DAY)
    with in_client(indus):
        closed = purpose("newsletter", indus)
        closed.needs_account = True
        change(committed, closed, now + 2 * DAY)
    with pytest.raises(IntegrityError, match="second person"), in_client(indus):
        execute("UPDATE consent_purpose SET needs_account = false WHERE code = 'newsletter'")
