"""Recipients: two officers approve one and its terms, clients may object, and those it reaches are notified."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from children.guardians.services.verifications import record_verification
from consent.consents.selectors.consents import recipients_of
from consent.decisions.facts import Question
from consent.decisions.selectors.decisions import decide_one
from consent.notices.models import Notice, NoticeDispatch, NoticeDraft, NoticeVersion
from consent.notices.services.announcements import list_clients_to_follow, open_dispatches, process_client
from consent.notices.services.publishing import (
    answer_objection,
    object_to_announcement,
    save_draft,
    withdraw_objection,
)
from consent.register.effects import WeakensSafeguard, count_recipient_effect
from consent.register.models.agreements import Instruction, Recipient, RecipientApproval
from consent.register.models.purposes import LawfulBasis, Purpose, PurposeCapacity
from consent.register.services import (
    change_register,
    end_period,
    request_safeguard_change,
    request_safeguard_change as request_change,
)
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.changes import ProposedChange, decide_proposed_change
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from tests.cast import Cast
from tests.children.guardians import guardian_of, make_guardian, record_answer
from tests.consent import making
from tests.consent.making import accept_by_two, approve_by_two, execute, make_provider, officer, prove, refuses
from tests.factories import CAST_AT, SETTING_UP
from tests.sandbox.making import Sandbox

DAY = timedelta(days=1)
WINDOW = timedelta(days=30)


def approval(host: Recipient, at: datetime, **values: Any) -> RecipientApproval:
    told = {"purposes": ["newsletter", "service_delivery"], "categories": ["contact_details"], "is_integral": True}
    return RecipientApproval(client_id=host.client_id, recipient=host, starts_at=at, **{**told, **values})


def approved(at: datetime, client_id: Any = PAKTALEEM, **values: Any) -> RecipientApproval:
    with in_client(client_id):
        host = make_provider(client_id, at=at, code="cloud", service_ur="ہوسٹنگ")
        return approve_by_two(approval(host, at, **values), at=at)


def instruct(cast: Cast, code: str, at: datetime) -> None:
    making.instruct(cast, code, at, ["newsletter", "service_delivery"], ["cloud"])


def shared(cast: Cast, at: datetime, *, code: str = "indus", purpose: str = "service_delivery", now: Any = None) -> str:
    """Return the reason of the decision about sharing an adult's contact details with the recipient."""
    person = {"indus": "lms-hamza", "khyber": "lms-kiran"}[code]
    question = Question(purpose, "share", frozenset({"contact_details"}), "cloud", at=at)
    with in_client(cast.client_id(code)):
        found = decide_one(cast.key_actor(code), cast.client_id(code), person, question, now=now or at)
        return str(found.reason)


def version_of(row: RecipientApproval) -> NoticeVersion:
    assert row.announced_as is not None
    return NoticeVersion.objects.get(pk=row.announced_as)


def dispatch_of(cast: Cast, code: str, row: RecipientApproval) -> NoticeDispatch:
    return NoticeDispatch.objects.get(client_id=cast.client_id(code), version_id=row.announced_as)


def test_two_officers_approve_a_recipient_and_the_ledger_says_so(cast: Cast, now: datetime) -> None:
    with in_client(PAKTALEEM):
        host = make_provider(PAKTALEEM, at=now)
        row, first = approval(host, now), officer()
        with pytest.raises(WeakensSafeguard):
            change_register(row, actor=first, reason=Reason.REVIEW, at=now)
        change = request_safeguard_change(row, ground="Needed.", actor=first, at=now)
        assert not RecipientApproval.objects.filter(pk=row.pk).exists()
        decide_proposed_change(change, approve=True, actor=officer(), at=now)
        made = RecipientApproval.objects.get(pk=row.pk)
        assert (made.approved_at, made.objection_until) == (now, now + WINDOW)
        kinds = Entry.objects.filter(client_id=PAKTALEEM, recorded_at=now).values_list("kind", flat=True)
        assert {"safeguard.change_waiting", "safeguard.change_settled", "notice.announced"} <= set(kinds)


def test_a_declined_recipient_is_not_approved(cast: Cast, now: datetime) -> None:
    with in_client(PAKTALEEM):
        host = make_provider(PAKTALEEM, at=now)
        change = request_safeguard_change(approval(host, now), ground="Needed.", actor=officer(), at=now)
        decide_proposed_change(change, approve=False, actor=officer(), at=now)
        assert not RecipientApproval.objects.filter(recipient=host).exists()
        assert not NoticeVersion.objects.filter(notice__is_by_portal=True).exists()


@pytest.mark.parametrize("change", ["insert", "longer", "wider", "unannounced"])
def test_the_database_refuses_more_sharing_without_two_people(cast: Cast, now: datetime, change: str) -> None:
    row = approved(now, cast.client_id("indus"), ends_at=now + DAY)
    statements = {
        "insert": "INSERT INTO consent_recipientapproval (id, client_id, recipient_id, recipient_owner, starts_at,"
        " purposes, categories) SELECT gen_random_uuid(), client_id, recipient_id, recipient_owner, starts_at,"
        " purposes, categories FROM consent_recipientapproval WHERE id = %s",
        "longer": "UPDATE consent_recipientapproval SET ends_at = NULL WHERE id = %s",
        "wider": "UPDATE consent_recipientapproval SET categories = '{billing}' WHERE id = %s",
        "unannounced": "UPDATE consent_recipientapproval SET approved_at = NULL WHERE id = %s",
    }
    with in_client(cast.client_id("indus")):
        ProposedChange.objects.update(xact=1)  # as if the approved change had been applied by an earlier transaction
        with pytest.raises(IntegrityError, match="second person"):
            execute(statements[change], row.pk)


def test_a_sale_of_data_is_refused_by_the_database(cast: Cast, now: datetime) -> None:
    indus = cast.client_id("indus")
    with in_client(indus):
        host = make_provider(indus, at=now)
        with pytest.raises(IntegrityError, match="recipient_is_never_a_sale"):
            execute("UPDATE consent_recipient SET no_consideration = false WHERE id = %s", host.pk)
        with pytest.raises(ValidationError):
            make_provider(indus, at=now, code="buyer", no_consideration=False)


def test_a_transfer_abroad_needs_its_ground(cast: Cast, now: datetime) -> None:
    with in_client(cast.client_id("indus")):
        with pytest.raises(ValidationError, match="Choose the ground"):
            make_provider(cast.client_id("indus"), at=now, countries="PK, IE")
        assert make_provider(cast.client_id("indus"), at=now, countries="PK, IE", transfer_ground="clauses").pk


def test_the_terms_of_an_approved_recipient_do_not_change(cast: Cast, now: datetime) -> None:
    row = approved(now)
    with in_client(PAKTALEEM):
        for field, value in (("kind", "controller"), ("countries", "PK"), ("transfer_ground", "consent")):
            host = Recipient.objects.get(pk=row.recipient_id)
            setattr(host, field, value)
            with refuses(field), transaction.atomic():
                change_register(host, actor=officer(), reason=Reason.REVIEW, at=now)


def test_a_started_approval_ends_earlier_and_never_later(cast: Cast, now: datetime) -> None:
    row = approved(now, ends_at=now + DAY)
    with in_client(PAKTALEEM):
        row.ends_at = now + 2 * DAY
        with pytest.raises(ValidationError, match="cannot be made longer"), transaction.atomic():
            request_safeguard_change(row, ground="More.", actor=officer(), at=now + timedelta(hours=1))
        row.refresh_from_db()
        end_period(row, actor=officer(), reason=Reason.REVIEW, at=now + timedelta(hours=1))


def test_nothing_is_shared_before_a_clients_time_to_object_is_over(cast: Cast, now: datetime) -> None:
    row = approved(now)
    instruct(cast, "indus", now)
    instruct(cast, "khyber", now)
    version = row.announced_as
    prove(cast, "indus", version, now)
    assert shared(cast, now + WINDOW - DAY) == "recipient_not_approved"
    assert shared(cast, now + WINDOW) == "permitted"
    assert shared(cast, now + WINDOW, code="khyber") == "recipient_not_approved", "no email to it is proven"
    prove(cast, "khyber", version, now + 5 * DAY)
    assert shared(cast, now + WINDOW, code="khyber") == "recipient_not_approved", "its email was later"
    assert shared(cast, now + WINDOW + 5 * DAY, code="khyber") == "permitted"


def test_nothing_is_shared_for_a_client_until_it_withdraws_its_objection(cast: Cast, now: datetime) -> None:
    row = approved(now)
    for code in ("indus", "khyber"):
        instruct(cast, code, now)
        prove(cast, code, row.announced_as, now)
    later, farah = now + WINDOW, cast.actor("farah")
    with in_client(cast.client_id("indus")):
        dispatch = dispatch_of(cast, "indus", row)
        object_to_announcement(dispatch, code="agreement", actor=farah, at=now + DAY)
    assert shared(cast, later) == "recipient_objected"
    assert shared(cast, later, code="khyber") == "permitted"
    with in_client(cast.client_id("indus")):
        with pytest.raises(Refused):
            withdraw_objection(dispatch, actor=farah, at=later)
        answer_objection(dispatch, code="explained", actor=cast.actor("amina"), at=later)
    assert shared(cast, later) == "recipient_objected", "an answer is not a withdrawal"
    with in_client(cast.client_id("indus")):
        withdraw_objection(dispatch, actor=farah, at=later + DAY)
        with pytest.raises(Refused):
            withdraw_objection(dispatch, actor=farah, at=later + DAY)
    assert shared(cast, later + DAY) == "permitted"
    assert shared(cast, later, now=later + DAY) == "recipient_objected", "what was answered then"


def test_clients_with_notices_of_their_own_are_notified_of_a_recipient(cast: Cast, now: datetime) -> None:
    row = approved(now)
    for code in ("indus", "khyber"):
        with in_client(cast.client_id(code)):
            open_dispatches(cast.client(code), actor=SETTING_UP, at=now)
            assert dispatch_of(cast, code, row).takes_effect_at is None
    with in_client(PAKTALEEM):
        version = version_of(row)
        assert "## Host Ltd" in version.text_en
        assert "## Host Ltd" in version.text_ur
        assert "Processor" in version.text_en
        assert "newsletter, " in version.text_en
        assert "newsletter، " in version.text_ur


def test_the_second_list_names_both_recipients(cast: Cast, now: datetime) -> None:
    approved(now)
    with in_client(PAKTALEEM):
        other = make_provider(PAKTALEEM, at=now, code="mail", name="Mail Ltd")
        row = approve_by_two(approval(other, now + DAY), at=now + DAY)
        version = version_of(row)
        assert version.number == 2
        assert version.text_en.index("Host Ltd") < version.text_en.index("Mail Ltd")


def test_the_list_of_recipients_is_neither_policy_nor_drafted(cast: Cast, now: datetime) -> None:
    approved(now)
    with in_client(PAKTALEEM):
        notice = Notice.objects.get(is_by_portal=True)
        assert not notice.is_policy
        draft = NoticeDraft(notice=notice, text_en="Nobody.", text_ur="کوئی نہیں")
        with pytest.raises(ValidationError, match="writes this text itself"):
            save_draft(draft, actor=officer(), reason=Reason.REVIEW, at=now)


def test_a_consent_given_before_does_not_cover_a_new_recipient(cast: Cast, now: datetime) -> None:
    consent(cast, now - DAY)
    approved(now, cast.client_id("indus"))
    instruct(cast, "indus", now)
    assert shared(cast, now + DAY, purpose="newsletter") == "consent_outdated"
    consent(cast, now + 2 * DAY)
    assert shared(cast, now + 2 * DAY, purpose="newsletter") == "permitted"


def test_a_consent_given_while_the_client_objects_does_not_cover_the_recipient(cast: Cast, now: datetime) -> None:
    row, later, farah = approved(now, is_integral=False), now + WINDOW, cast.actor("farah")
    instruct(cast, "indus", now)
    prove(cast, "indus", row.announced_as, now)
    asked: dict[str, Any] = {"purpose": "newsletter"}
    consent(cast, later + DAY)
    assert shared(cast, later + DAY, **asked) == "permitted"
    with in_client(cast.client_id("indus")):
        dispatch = dispatch_of(cast, "indus", row)
        object_to_announcement(dispatch, code="agreement", actor=farah, at=later + 2 * DAY)
        answer_objection(dispatch, code="explained", actor=cast.actor("amina"), at=later + 3 * DAY)
        withdraw_objection(dispatch, actor=farah, at=later + 5 * DAY)
    assert shared(cast, later + 5 * DAY, **asked) == "permitted", "they had read of it"
    consent(cast, later + 4 * DAY)
    assert shared(cast, later + 5 * DAY, **asked) == "consent_outdated"
    consent(cast, later + 6 * DAY)
    assert shared(cast, later + 6 * DAY, **asked) == "permitted"


def consent(cast: Cast, at: datetime) -> None:
    with in_client(cast.client_id("indus")):
        how = making.on_paper(cast.client_id("indus"), at, actor=cast.key_actor("indus"))
        making.give(cast.subject("hamza"), at, **how)


def test_a_recipient_that_is_not_part_of_the_service_needs_a_consent_of_its_own(cast: Cast, now: datetime) -> None:
    approved(now, cast.client_id("indus"), is_integral=False)
    instruct(cast, "indus", now)
    assert shared(cast, now) == "recipient_consent_required"
    assert shared(cast, now, purpose="newsletter") == "consent_missing"
    consent(cast, now + DAY)
    assert shared(cast, now + DAY, purpose="newsletter") == "permitted"


def test_nothing_is_shared_outside_the_term_of_the_providers_agreement(cast: Cast, now: datetime) -> None:
    indus = cast.client_id("indus")
    term = {"agreement_starts_at": now + DAY, "agreement_ends_at": now + 3 * DAY}
    with in_client(indus):
        approve_by_two(approval(make_provider(indus, at=now, code="cloud", **term), now), at=now)
    instruct(cast, "indus", now)
    found = [shared(cast, now + days * DAY) for days in range(4)]
    assert found == ["recipient_not_approved", "permitted", "permitted", "recipient_not_approved"]


def test_the_effect_counts_consents_and_guardians_by_client(cast: Cast, now: datetime) -> None:
    consent(cast, now - DAY)
    with in_client(cast.client_id("indus")):
        danish, weak = cast.subject("danish"), make_guardian(cast.client("indus"), "weak", at=CAST_AT)
        guardianship = guardian_of(danish, weak, at=CAST_AT)
        told: dict[str, Any] = {"method": "email_plus", "kept": {}, "reason": Reason.SUBJECT_REQUEST}
        record_verification(guardianship, **told, actor=SETTING_UP, at=CAST_AT)
        record_answer(danish, weak, "given", at=CAST_AT)
    with in_client(PAKTALEEM):
        row = approval(make_provider(PAKTALEEM, at=now), now)
    with as_officer():
        found = count_recipient_effect(row, at=now)
    [indus] = found.by_client
    assert (indus.client, indus.consents, indus.weak) == ("Indus Schools Network", 1, 1)
    assert (found.total.consents, found.total.weak, found.notified) == (1, 1, 2)


MORE = ("longer", "endless", "earlier", "renamed", "another service", "another service in Urdu")


def term(now: datetime) -> dict[str, Any]:
    return {"agreement_starts_at": now + DAY, "agreement_ends_at": now + 3 * DAY}


def approved_recipient(cast: Cast, now: datetime) -> Recipient:
    """Return an approved recipient of Indus with an agreement of two days, in its context."""
    host = make_provider(cast.client_id("indus"), at=now, code="cloud", **term(now))
    approve_by_two(approval(host, now), at=now)
    return host


@pytest.mark.parametrize("kind", MORE)
def test_one_person_gives_an_approved_recipient_no_more(cast: Cast, now: datetime, kind: str) -> None:
    with in_client(cast.client_id("indus")):
        host = approved_recipient(cast, now)
        kinds: dict[str, dict[str, Any]] = {
            "longer": {"agreement_ends_at": now + 4 * DAY},
            "endless": {"agreement_ends_at": None},
            "earlier": {"agreement_starts_at": now},
            "renamed": {"name": "Other Ltd"},
            "another service": {"service": "Advertising"},
            "another service in Urdu": {"service_ur": "اشتہارات"},
        }
        values = kinds[kind]
        for name, value in values.items():
            setattr(host, name, value)
        with pytest.raises(WeakensSafeguard), transaction.atomic():
            change_register(host, actor=officer(), reason=Reason.REVIEW, at=now)
        ProposedChange.objects.update(xact=1)  # as if the approved change had been applied by an earlier transaction
        with pytest.raises(IntegrityError, match="second person"), transaction.atomic():
            QuerySet(Recipient).filter(pk=host.pk).update(**values)


def test_two_officers_renew_the_agreement_of_an_approved_recipient(cast: Cast, now: datetime) -> None:
    instruct(cast, "indus", now)
    with in_client(cast.client_id("indus")):
        host = approved_recipient(cast, now)
    assert shared(cast, now + 3 * DAY) == "recipient_not_approved"
    with in_client(cast.client_id("indus")):
        host.agreement_ends_at = now + 9 * DAY
        change = request_change(host, ground="Renewed.", actor=cast.actor("farah"), at=now + DAY)
        decide_proposed_change(change, approve=True, actor=officer(), at=now + DAY)
    assert shared(cast, now + 3 * DAY) == "permitted"


def test_less_takes_one_person_and_so_does_a_recipient_never_approved(cast: Cast, now: datetime) -> None:
    with in_client(cast.client_id("indus")):
        host = approved_recipient(cast, now)
        host.agreement_starts_at, host.agreement_ends_at = now + 2 * DAY, now + 3 * DAY
        change_register(host, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
        fresh = make_provider(cast.client_id("indus"), at=now, code="fresh", **term(now))
        fresh.agreement_ends_at, fresh.name = None, "Fresh Ltd"
        change_register(fresh, actor=cast.actor("farah"), reason=Reason.REVIEW, at=now)
        assert ProposedChange.objects.count() == 1


def test_an_objection_is_about_the_recipient_and_not_one_approval(cast: Cast, now: datetime) -> None:
    first = approved(now)
    instruct(cast, "indus", now)
    prove(cast, "indus", first.announced_as, now)
    farah = cast.actor("farah")
    with in_client(cast.client_id("indus")):
        dispatch = dispatch_of(cast, "indus", first)
        object_to_announcement(dispatch, code="agreement", actor=farah, at=now + DAY)
    later = now + 2 * DAY
    with in_client(PAKTALEEM):
        again = approve_by_two(approval(first.recipient, later), at=later)
    prove(cast, "indus", again.announced_as, later)
    after = later + WINDOW
    assert shared(cast, after) == "recipient_objected"
    with in_client(cast.client_id("indus")):
        answer_objection(dispatch, code="explained", actor=cast.actor("amina"), at=after)
        withdraw_objection(dispatch, actor=farah, at=after)
    assert shared(cast, after) == "permitted"


@pytest.mark.parametrize("values", [{"categories": ["contact_details", "billing"]}, {"is_integral": True}])
def test_what_was_announced_is_never_changed_to_share_more(cast: Cast, now: datetime, values: dict[str, Any]) -> None:
    row = approved(now)
    with in_client(PAKTALEEM):
        row = approve_by_two(approval(row.recipient, now + 60 * DAY, is_integral=False), at=now)
        for name, value in values.items():
            setattr(row, name, value)
        with pytest.raises(ValidationError, match="announced"), transaction.atomic():
            request_change(row, ground="More.", actor=officer(), at=now)
        row.refresh_from_db()
        row.categories = ["contact_details"]
        row.purposes = ["newsletter"]
        change_register(row, actor=officer(), reason=Reason.REVIEW, at=now)


def test_guardians_read_of_a_recipient_from_the_end_of_the_time_to_object(cast: Cast, now: datetime) -> None:
    row, indus = approved(now), cast.client_id("indus")
    instruct(cast, "indus", now)
    prove(cast, "indus", row.announced_as, now)
    with in_client(indus):
        assert "newsletter" not in recipients_of(indus, "en", at=now + DAY)
        assert "newsletter" not in recipients_of(indus, "en", at=now + WINDOW - timedelta(microseconds=1))
        assert recipients_of(indus, "en", at=now + WINDOW)["newsletter"] == ["Host Ltd (Hosting)"]
        assert recipients_of(indus, "ur", at=now + WINDOW)["newsletter"] == ["Host Ltd (ہوسٹنگ)"]
    with in_client(PAKTALEEM):
        end_period(row, actor=officer(), reason=Reason.REVIEW, at=now + WINDOW + DAY)
    with in_client(indus):
        assert "newsletter" not in recipients_of(indus, "en", at=now + WINDOW + DAY)


def test_a_sandbox_shows_that_earlier_consents_do_not_cover_a_new_recipient(cast: Cast, now: datetime) -> None:
    sandbox = Sandbox()
    with in_client(sandbox.id):
        row = approval(make_provider(sandbox.id, at=now, code="cloud"), now)
        change_register(row, actor=SETTING_UP, reason=Reason.REVIEW, at=now)
        row.refresh_from_db()
        assert row.approved_at == now


WHY = Reason.CLIENT_INSTRUCTION
SERVICE = ["service_delivery"]


def end_instructions(cast: Cast, at: datetime) -> None:
    with in_client(cast.client_id("khyber")):
        for row in Instruction.objects.filter(client_id=cast.client_id("khyber")).order_by("pk"):
            end_period(row, actor=SETTING_UP, reason=WHY, at=at)


def follow(cast: Cast, at: datetime) -> set[str]:
    """Process the announcements of both clients, and return the codes of those that were due."""
    with as_officer():
        due = list_clients_to_follow(at=at)
    codes = {code for code in ("indus", "khyber") if cast.client_id(code) in due}
    for code in ("indus", "khyber"):
        with in_client(cast.client_id(code)):
            process_client(cast.client_id(code), actor=SETTING_UP, at=at)
    return codes


def notified(cast: Cast, row: RecipientApproval) -> set[str]:
    with as_officer():
        found = set(NoticeDispatch.objects.filter(version_id=row.announced_as).values_list("client__code", flat=True))
    return {str(code) for code in found}


def test_a_client_is_notified_once_its_data_can_reach_the_recipient(cast: Cast, now: datetime) -> None:
    follow(cast, now)
    end_instructions(cast, now)
    row = approved(now, purposes=SERVICE)
    assert follow(cast, now) == {"indus"}
    assert notified(cast, row) == {"indus"}
    late = now + 40 * DAY
    assert "khyber" not in follow(cast, late), "nothing of its is due, so it is not looked at each minute"
    instruct(cast, "khyber", late)
    assert shared(cast, late, code="khyber") == "recipient_not_approved"
    assert "khyber" in follow(cast, late)
    assert notified(cast, row) == {"indus", "khyber"}
    prove(cast, "khyber", row.announced_as, late)
    assert shared(cast, late + WINDOW - DAY, code="khyber") == "recipient_not_approved"
    assert shared(cast, late + WINDOW, code="khyber") == "permitted"


def test_the_worker_notifies_no_client_of_a_recipient_that_is_no_longer_approved(cast: Cast, now: datetime) -> None:
    follow(cast, now)
    row = approved(now, purposes=SERVICE, ends_at=now + DAY)
    assert follow(cast, now + DAY) == set()
    assert notified(cast, row) == set()


def by_other_data(cast: Cast, at: datetime) -> None:
    with in_client(cast.client_id("khyber")):
        row = Instruction.objects.filter(client_id=cast.client_id("khyber")).earliest("pk")
        told = {"purposes": SERVICE, "categories": ["usage_logs"], "document": "Annex 4", "starts_at": at}
        new = Instruction(client_id=row.client_id, agreement=row.agreement, **told)
        change_register(new, actor=SETTING_UP, reason=WHY, at=at)


def service() -> Purpose:
    return Purpose.objects.get(code="service_delivery", client_id=PAKTALEEM)


def without_basis(cast: Cast, at: datetime) -> None:
    instruct(cast, "khyber", at)
    with in_client(PAKTALEEM):
        for row in LawfulBasis.objects.filter(purpose=service()).order_by("pk"):
            end_period(row, actor=SETTING_UP, reason=WHY, at=at)


def without_purpose(cast: Cast, at: datetime) -> None:
    instruct(cast, "khyber", at)
    with in_client(PAKTALEEM):
        row = service()
        row.is_active = False
        change_register(row, actor=SETTING_UP, reason=WHY, at=at)


def by_law(cast: Cast, at: datetime) -> None:
    khyber = cast.client_id("khyber")
    with in_client(khyber):
        told: dict[str, Any] = {"role": "learner", "basis": "legal_obligation", "legal_reference": "Education Act s. 1"}
        row = LawfulBasis(client_id=khyber, purpose=service(), starts_at=at, **told)
        accept_by_two(row, requester=cast.actor("celia"), at=at)


def by_control(cast: Cast, at: datetime) -> None:
    khyber = cast.client_id("khyber")
    with in_client(khyber):
        row = PurposeCapacity(client_id=khyber, purpose=service(), capacity="joint_controller", starts_at=at + DAY)
        change = request_safeguard_change(row, ground="Agreed.", actor=officer(), at=at)
        decide_proposed_change(change, approve=True, actor=officer(), at=at)


@pytest.mark.parametrize(
    ("facts", "is_notified"),
    [
        (by_other_data, False),
        (without_basis, False),
        (without_purpose, False),
        (lambda cast, at: instruct(cast, "khyber", at + 9 * DAY), True),
        (by_law, True),
        (by_control, True),
    ],
)
def test_purposes_bases_parts_and_instructions_lead_to_a_recipient(
    cast: Cast, now: datetime, facts: Callable[[Cast, datetime], None], *, is_notified: bool
) -> None:
    end_instructions(cast, now)
    facts(cast, now)
    row = approved(now, purposes=SERVICE)
    follow(cast, now)
    assert ("khyber" in notified(cast, row)) is is_notified
