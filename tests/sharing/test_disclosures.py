"""Disclosures: recorded with the decision as of their time and shown; business transfers: notified beforehand."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.notices.models import NoticeDispatch, NoticeVersion
from consent.notices.selectors.registers import current_register
from consent.register.models.agreements import Instruction, ServiceAgreement
from consent.register.services import change_register, end_period
from consent.sharing.models import BusinessTransfer, Disclosure
from consent.sharing.own_pages import recipients_section
from consent.sharing.selectors import list_disclosures_of, list_own_disclosures
from consent.sharing.services import (
    DisclosureReport,
    DisclosureResult,
    decide_business_transfer,
    decide_legal_disclosure,
    report_disclosure,
    report_disclosures,
    request_business_transfer,
    request_legal_disclosure,
)
from paktaleem.directory.people.copies.declarations import Reader
from paktaleem.directory.people.copies.sections import list_sections
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.directory.people.services.erasure import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.schedule.models import Hold
from tests.api.callers import Caller
from tests.cast import Cast, refused_to
from tests.consent.making import approve_by_two, execute, make_provider, officer, prove, refuses
from tests.consent.test_recipients import approval
from tests.console.pages import list_url, row_url
from tests.factories import SETTING_UP, SubjectFactory, make_staff
from tests.sharing.making import demand, transfer
from tests.signing_in import SignIn, browser_of

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def prepared(cast: Cast, now: datetime) -> Iterator[Client]:
    """Indus, which has named the approved recipient in an instruction a day ago."""
    client_id, at = cast.client_id("indus"), now - DAY
    with in_client(client_id):
        approve_by_two(approval(make_provider(client_id, at=at, code="cloud"), at), at=at)
        row = Instruction(
            client_id=client_id,
            agreement=ServiceAgreement.objects.get(client_id=client_id),
            document="Annex 3",
            purposes=["newsletter", "service_delivery"],
            categories=["contact_details"],
            recipients=["cloud"],
            starts_at=at,
        )
        change_register(row, actor=SETTING_UP, reason=Reason.ONBOARDING, at=at)
        yield cast.client("indus")


def report_of(person: str, at: datetime, **values: Any) -> DisclosureReport:
    told: dict[str, Any] = {"recipient": "cloud", "purpose": "service_delivery", "categories": ["contact_details"]}
    return DisclosureReport(subject=person, **{**told, "shared_at": at, **values})


def send(cast: Cast, at: datetime, *reports: DisclosureReport) -> list[DisclosureResult]:
    return report_disclosures(cast.client_id("indus"), reports, actor=cast.key_actor("indus"), at=at)


def test_each_item_has_its_answer(cast: Cast, prepared: Client, now: datetime) -> None:
    found = send(
        cast,
        now,
        report_of("lms-hamza", now - HOUR),
        report_of("lms-nobody", now - HOUR),
        report_of("lms-kiran", now - HOUR),  # of another client
        report_of("lms-hamza", now - HOUR, recipient="stranger"),
        report_of("lms-hamza", now - HOUR, purpose="astrology"),
        report_of("lms-hamza", now - HOUR, categories=["shoe_size"]),
        report_of("lms-hamza", now + HOUR),
        report_of("lms-hamza", now - HOUR, categories=["usage_logs"]),
        report_of("lms-hamza", now - HOUR, purpose="newsletter"),
        report_of("lms-danish", now - HOUR),
        report_of("lms-hamza", now - 2 * DAY),
    )
    wrong = [set(), {"subject"}, {"subject"}, {"recipient"}, {"purpose"}, {"categories"}, {"shared_at"}, *[set()] * 4]
    assert [set(one.errors) for one in found] == wrong
    assert [(one.disclosure.reason, one.is_flagged) for one in found if one.disclosure] == [
        ("permitted", False),
        ("recipient_not_approved", True),
        ("consent_missing", True),
        ("guardian_consent_required", True),
        ("recipient_not_approved", True),
    ]
    assert Disclosure.objects.count() == 5
    own, one, strangers = report_of("lms-hamza", now), report_of("", now), "farah bilal celia amina"
    refused_to(strangers, lambda name: report_disclosures(prepared.pk, [own], actor=cast.actor(name), at=now))
    refused_to(strangers, lambda name: report_disclosure(cast.subject("hamza"), one, actor=cast.actor(name), at=now))


def test_a_disclosure_is_decided_as_of_its_time(cast: Cast, prepared: Client, now: datetime) -> None:
    instruction = Instruction.objects.get(client_id=prepared.pk, document="Annex 3")
    end_period(instruction, actor=SETTING_UP, reason=Reason.REVIEW, at=now)
    before, after = send(cast, now + HOUR, report_of("lms-hamza", now - HOUR), report_of("lms-hamza", now + HOUR))
    assert before.disclosure is not None
    assert after.disclosure is not None
    assert (before.disclosure.reason, after.disclosure.reason) == ("permitted", "recipient_not_approved")


def test_one_report_is_decided_as_a_batch_is(cast: Cast, prepared: Client, now: datetime) -> None:
    made = report_disclosure(cast.subject("hamza"), report_of("", now - HOUR), actor=cast.key_actor("indus"), at=now)
    assert (made.reason, made.recipient.code, made.categories) == ("permitted", "cloud", ["contact_details"])
    with pytest.raises(ValidationError) as caught:
        report_disclosure(
            cast.subject("hamza"), report_of("", now, recipient="x"), actor=cast.key_actor("indus"), at=now
        )
    assert list(caught.value.message_dict) == ["recipient"]


def test_the_ledger_names_the_recipient_and_the_decision(cast: Cast, prepared: Client, now: datetime) -> None:
    send(cast, now, report_of("lms-hamza", now - HOUR), report_of("lms-danish", now - HOUR))
    rows = {one.kind: json.loads(one.body) for one in Entry.objects.filter(kind__startswith="disclosure.")}
    assert rows["disclosure.reported"]["facts"]["recipient"] == "cloud"
    assert rows["disclosure.denied"]["facts"]["decision"] == "guardian_consent_required"
    assert rows["disclosure.denied"]["subject"] == str(cast.subject_id("danish"))


def test_the_copy_of_a_persons_data_says_who_received_what(cast: Cast, prepared: Client, now: datetime) -> None:
    send(cast, now, report_of("lms-hamza", now - HOUR), report_of("lms-danish", now - HOUR))
    hamza = cast.subject("hamza")
    section = next(one for one in list_sections() if one.code == "disclosures")
    [row] = section.read(Reader(hamza, sealer_of(hamza)))
    received = {name: row[name] for name in ("recipient", "purpose", "categories", "shared_at", "decision")}
    assert received == {
        "recipient": "Host Ltd",
        "purpose": "service_delivery",
        "categories": ["contact_details"],
        "shared_at": f"{now - HOUR:%Y-%m-%dT%H:%M:%SZ}",
        "decision": "permitted",
    }
    assert section.count(hamza) == 1


def test_people_who_were_erased_are_refused(cast: Cast, prepared: Client, now: datetime) -> None:
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=now)
    found = send(cast, now + HOUR, report_of("lms-hamza", now), report_of("lms-junaid", now))
    assert [list(one.errors) for one in found] == [["subject"], []]


def test_another_client_sees_no_disclosure(cast: Cast, prepared: Client, now: datetime) -> None:
    send(cast, now, report_of("lms-hamza", now - HOUR))
    with pytest.raises(NotAllowed):
        list_disclosures_of(cast.subject("hamza"), actor=cast.actor("celia"))
    with pytest.raises(NotAllowed):
        list_own_disclosures(cast.subject("hamza"), actor=cast.actor("farah"))
    assert [one.purpose for one in list_disclosures_of(cast.subject("hamza"), actor=cast.actor("farah"))] == [
        "service_delivery"
    ]


@pytest.mark.parametrize(
    "values", [{"categories": []}, {"shared_at": datetime(2099, 1, 1).astimezone()}, {"is_denied": True}], ids=str
)
def test_the_database_refuses_the_broken_row(
    cast: Cast, prepared: Client, now: datetime, values: dict[str, Any]
) -> None:
    [one] = send(cast, now, report_of("lms-hamza", now - HOUR))
    row = one.disclosure
    assert row is not None
    row.pk = None
    for name, value in values.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        Disclosure.objects.bulk_create([row])


def test_a_disclosure_is_evidence_and_stays(cast: Cast, prepared: Client, now: datetime) -> None:
    send(cast, now, report_of("lms-hamza", now - HOUR))
    for statement in ("UPDATE sharing_disclosure SET reason = 'permitted'", "DELETE FROM sharing_disclosure"):
        with pytest.raises(ProgrammingError):
            execute(statement)


def test_the_number_of_statements_does_not_grow_with_the_batch(cast: Cast, prepared: Client, now: datetime) -> None:
    for number in range(40):
        SubjectFactory(client=prepared, external_id=f"teacher-{number}", role="instructor")

    def statements(size: int, at: datetime) -> int:
        reports = [report_of(f"teacher-{number}", at - number * HOUR) for number in range(size)]
        with CaptureQueriesContext(connection) as queries:
            assert all(one.disclosure for one in send(cast, at, *reports))
        return len(queries)

    statements(1, now)
    assert statements(40, now + 3 * DAY) <= statements(2, now + 5 * DAY) + 1


def test_the_public_page_names_recipients_with_their_dates(cast: Cast, prepared: Client, now: datetime) -> None:
    found = recipients_section(prepared, now, "en")
    assert found is not None
    [row] = [one for one in found["rows"] if one["recipient"].code == "cloud"]
    assert row["from_at"] == now - DAY
    assert not row["is_coming"]
    assert row["categories"] == ["Name and contact details"]


def test_a_system_reports_over_the_api(cast: Cast) -> None:
    now, api = wall_clock_now(), Caller(cast.key("indus"))
    with in_client(cast.client_id("indus")):
        make_provider(cast.client_id("indus"), at=now - DAY, code="cloud")
    shared = {
        "subject": "lms-hamza",
        "recipient": "cloud",
        "purpose": "service_delivery",
        "categories": ["contact_details"],
        "shared_at": (now - HOUR).isoformat(),
    }
    one = api.post("/api/v1/disclosures", shared)
    assert (one.status_code, one.json()["decision"], one.json()["flagged"]) == (201, "recipient_not_approved", True)
    many = api.post("/api/v1/disclosures/batch", {"disclosures": [shared, {**shared, "recipient": "nobody"}]})
    answers = many.json()["disclosures"]
    assert [answer["recorded"] for answer in answers] == [True, False]
    assert list(answers[1]["problems"]) == ["recipient"]


def approved(at: datetime, **values: Any) -> BusinessTransfer:
    with in_client(PAKTALEEM):
        row = request_business_transfer(transfer(at, **values), actor=officer(), at=at)
        return decide_business_transfer(row, approve=True, actor=officer(), at=at)


def test_every_client_is_notified_with_proof(cast: Cast, now: datetime) -> None:
    row = approved(now)
    with in_client(PAKTALEEM):
        version = NoticeVersion.objects.get(pk=row.announced_as or PAKTALEEM)
        kinds = set(Entry.objects.filter(recorded_at=now).values_list("kind", flat=True))
    assert version.text_en.startswith(f"## Acquisition: Chenab Learning Ltd, on {row.takes_place_on.isoformat()}")
    assert version.effective_at.date() == row.takes_place_on
    assert {"business_transfer.requested", "business_transfer.settled", "notice.announced"} <= kinds
    for code in ("indus", "khyber"):
        prove(cast, code, version, now + DAY)
        with in_client(cast.client_id(code)):
            dispatch = NoticeDispatch.objects.get(version=version)
            assert (dispatch.dispatched_at, dispatch.takes_effect_at) == (now + DAY, version.effective_at)


def test_it_is_no_notice_about_a_purpose(cast: Cast, now: datetime) -> None:
    version = approved(now).announced_as
    with in_client(cast.client_id("indus")):
        notices = current_register(cast.client_id("indus")).notices
    assert not any(version == one.id for rule in notices.values() for one in rule.versions)


def test_a_declined_transfer_announces_nothing(cast: Cast, now: datetime) -> None:
    alone = officer()
    with in_client(PAKTALEEM):
        row = request_business_transfer(transfer(now), actor=alone, at=now)
        declined = decide_business_transfer(row, approve=False, actor=alone, at=now)
        assert declined.announced_as is None
        assert not NoticeVersion.objects.filter(notice__code="business_transfers").exists()


def test_clients_get_their_thirty_days(cast: Cast, now: datetime) -> None:
    with in_client(PAKTALEEM):
        with refuses("takes_place_on"):
            request_business_transfer(transfer(now, takes_place_on=(now + 29 * DAY).date()), actor=officer(), at=now)
        late = request_business_transfer(transfer(now), actor=officer(), at=now)
        with pytest.raises(ValidationError), transaction.atomic():
            decide_business_transfer(late, approve=True, actor=officer(), at=now + 20 * DAY)


def test_only_officers_of_paktaleem_request_one(cast: Cast, now: datetime) -> None:
    for actor in (cast.actor("farah"), cast.actor("bilal"), system_actor("test")):
        with in_client(PAKTALEEM), pytest.raises(NotAllowed):
            request_business_transfer(transfer(now), actor=actor, at=now)
    indus = cast.client_id("indus")
    with in_client(indus), pytest.raises(ValidationError, match="PakTaleem"):
        request_business_transfer(transfer(now, client_id=indus), actor=officer(), at=now)


def test_the_form_chooses_paktaleem_and_offers_no_other_client(cast: Cast) -> None:
    text = browser_of(cast.user("amina")).get("/admin/sharing/businesstransfer/add/").content.decode()
    assert f'<option value="{PAKTALEEM}" selected>PakTaleem</option>' in text
    assert str(cast.client_id("indus")) not in text


@pytest.mark.parametrize("values", [{"announced_as": None}, {"state": "declined"}])
def test_the_database_refuses_an_approval_without_announcement(
    cast: Cast, now: datetime, values: dict[str, Any]
) -> None:
    row = approved(now)
    with in_client(PAKTALEEM), pytest.raises(IntegrityError, match="approved_is_announced"), transaction.atomic():
        BusinessTransfer.objects.filter(pk=row.pk).update(**values)


# Legal demands in the client’s console: those that their instruments do not keep secret.


@pytest.mark.parametrize("role", ["client_admin", "client_auditor"])
def test_the_client_sees_a_demand_unless_its_instrument_forbids(cast: Cast, role: str) -> None:
    reader = make_staff("reader@indus.example", (role, cast.client_id("indus")))
    now, farah = timezone.now(), browser_of(reader)
    with in_client(cast.client_id("indus")):
        shown, secret = (
            request_legal_disclosure(
                cast.subject("hamza"),
                demand(now, reference=reference, is_secret=reference == "18/2026"),
                actor=cast.actor("amina"),
                at=now,
            )
            for reference in ("17/2026", "18/2026")
        )
    page = farah.get(row_url("sharing/legaldisclosure", shown.pk))
    assert (page.status_code, "17/2026" in page.content.decode()) == (200, True)
    assert "18/2026" not in farah.get(row_url("sharing/legaldisclosure", secret.pk), follow=True).content.decode()
    assert farah.get(list_url("sharing/legaldisclosure")).content.decode().count("District Court Lahore") == 1


def test_no_page_of_the_client_betrays_a_secret_demand(sign_in: SignIn, cast: Cast) -> None:
    now, farah = timezone.now(), sign_in("farah")
    with in_client(cast.client_id("indus")):
        hamza, amina = cast.subject("hamza"), cast.actor("amina")
        secret = request_legal_disclosure(hamza, demand(now, is_secret=True), actor=amina, at=now)
        decide_legal_disclosure(secret, approve=True, actor=officer(), at=now)
        hold, entry = Hold.objects.get(), Entry.objects.get(kind="legal_disclosure.settled")
    person = row_url("people/subject", hamza.pk)
    pages = [
        "/admin/",
        list_url("audit/entry"),
        row_url("audit/entry", entry.pk),
        row_url("schedule/hold", hold.pk),
        row_url("schedule/hold", hold.pk, "history"),
        *(f"{person}?tab={tab}" for tab in ("", "timeline", "holdings", "disclosures")),
    ]
    for page in pages:
        text = farah.get(page, follow=True).content.decode()
        for word in ("Disclosure to an authority", f"…{str(secret.pk)[-6:]}", "<bdi>legal_disclosure"):
            assert word not in text, (page, word)
    assert (
        "A law requires PakTaleem to keep this data." in farah.get(row_url("schedule/hold", hold.pk)).content.decode()
    )
    assert "Disclosure to an authority" in sign_in("amina").get(list_url("audit/entry")).content.decode()
