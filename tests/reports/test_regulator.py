"""Packs for regulators: requested with a reason, gathered by the worker, taken as PDF and ZIP, without people."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from pypdf import PdfReader
from time_machine import TimeMachineFixture

from consent.consents.models import ConsentState
from consent.consents.services.recording import Answer, record_answers
from consent.decisions.models import DecisionLogSetting
from consent.decisions.services import set_decision_log
from consent.register.models.purposes import Purpose
from consent.register.services import change_register
from consent.sharing.services import (
    DisclosureReport,
    decide_legal_disclosure,
    record_legal_disclosure,
    report_disclosure,
    request_legal_disclosure,
)
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.reports.models import PackContent, PackState, RegulatorPack, UseFinding
from paktaleem.office.reports.regulator.services import (
    GATHER,
    SECTIONS,
    _render_pack,
    fail_pack,
    gather_section,
    request_pack,
    retry_pack,
    take_pack,
)
from paktaleem.office.reports.tasks import gather_pack
from paktaleem.office.reports.use import decide_use
from retention.holdings.services.holdings import CollectionReport, report_collection
from rights.requests.models import RightsRequest
from tests.cast import Cast
from tests.consent.making import make_provider, officer, shown
from tests.rights.cases import received
from tests.sharing.making import demand
from tests.signing_in import browser_of

AT = datetime(2026, 10, 7, 12, tzinfo=UTC)
WORKER = system_actor(GATHER)
SINCE, UNTIL = date(2026, 9, 2), date(2026, 10, 6)


def happen(cast: Cast) -> str:
    """Let a consent, a request answered after 31 days, an incident and things outside the period happen at Indus."""
    client_id = cast.client_id("indus")
    with in_client(client_id):
        hamza = cast.subject("hamza")
        by: dict[str, Any] = {"actor": cast.actor("farah"), "at": AT - timedelta(days=3)}
        answers = [Answer("newsletter", ConsentState.REFUSED)]
        record_answers(hamza, answers=answers, shown=shown(client_id, by["at"]), **by)
        early = datetime(2026, 9, 3, 9, tzinfo=UTC)
        request = received(cast, "access", at=early)
        late = early + timedelta(days=31)
        RightsRequest.objects.filter(pk=request.pk).update(answered_at=late, delivered_at=late)
        received(cast, "question", subject=None, channel="form", at=AT, details="After the period")
        device: dict[str, Any] = {"category": "device", "occasion": "assessment", "purpose": "support"}
        collected = CollectionReport(**device, collected_at=early)
        report_collection(cast.subject("danish"), collected, actor=cast.key_actor("indus"), at=early)
    return str(request.number)


def requested(cast: Cast, name: str = "amina", **given: Any) -> RegulatorPack:
    days: dict[str, Any] = {"since": SINCE, "until": UNTIL, **given}
    return request_pack(cast.client("indus"), **days, actor=cast.actor(name), reason="review", at=AT)


def gathered(cast: Cast) -> RegulatorPack:
    with in_client(cast.client_id("indus")):
        pack = requested(cast)
        while gather_section(pack.pk, client_id=pack.client_id, actor=WORKER, at=AT):
            pass
        pack.refresh_from_db()
    return pack


def facts(kind: str) -> list[dict[str, Any]]:
    rows = Entry.objects.filter(kind=kind).order_by("recorded_at", "id")
    return [json.loads(row.body)["facts"] for row in rows]


def test_a_pack_has_every_section_and_its_hash_is_in_the_ledger(cast: Cast) -> None:
    number = happen(cast)
    pack = gathered(cast)
    assert (pack.state, pack.done, pack.parts) == (PackState.READY, len(SECTIONS), {})
    with in_client(cast.client_id("indus")):
        content = PackContent.objects.get(pack=pack)
        body = json.loads(content.body)
        assert facts("regulator_pack.built")[0]["sha256"] == hashlib.sha256(content.body.encode()).hexdigest()
        assert facts("regulator_pack.requested")[0]["reason"] == "review"
    sections = {code: section["rows"] for code, section in body["sections"].items()}
    assert {section.code for section in SECTIONS} == set(sections)
    for section in SECTIONS:
        assert all(len(row) == len(section.columns) for row in sections[section.code]), section.code
    assert ["newsletter", "refused", 1] in [[row[0], row[3], row[6]] for row in sections["consents"]]
    assert [(row[0], row[1], row[6], row[7]) for row in sections["requests"]] == [(number, "access", 31, "late")]
    assert len(sections["register"]) == len(sections["register-ur"]) > 0
    assert "This portal" in {row[-1] for row in sections["register"]}
    assert len(sections["notices"]) > 0
    assert [row[0] for row in sections["incidents"]] != []


def test_answers_are_counted_under_the_words_that_the_people_read(cast: Cast) -> None:
    happen(cast)
    with in_client(cast.client_id("indus")):
        purpose = Purpose.objects.get(code="newsletter", client_id=cast.client_id("indus"))
        purpose.name_en = "Profiling for partners"
        by: dict[str, Any] = {"actor": cast.actor("farah"), "at": AT - timedelta(days=1)}
        change_register(purpose, reason="review", **by)
    gathered(cast)
    with in_client(cast.client_id("indus")):
        rows = json.loads(PackContent.objects.get().body)["sections"]["consents"]["rows"]
    assert [row[1] for row in rows if row[0] == "newsletter"] == ["Newsletter"]


def test_disclosures_are_counted_under_the_names_of_their_time(cast: Cast) -> None:
    client_id, day = cast.client_id("indus"), timedelta(days=1)
    told: dict[str, Any] = {"recipient": "cloud", "purpose": "newsletter", "categories": ["contact_details"]}
    with in_client(client_id):
        make_provider(client_id, at=AT - 9 * day, code="cloud")
        purpose = Purpose.objects.get(code="newsletter", client_id=client_id)
        for days, name in ((3, "Profiling for partners"), (1, "Marketing")):
            shared = DisclosureReport(**told, shared_at=AT - (days + 1) * day)
            report_disclosure(cast.subject("hamza"), shared, actor=cast.key_actor("indus"), at=AT - (days + 1) * day)
            purpose.name_en = name
            change_register(purpose, actor=cast.actor("farah"), reason="review", at=AT - days * day)
    gathered(cast)
    with in_client(client_id):
        rows = json.loads(PackContent.objects.get().body)["sections"]["disclosures"]["rows"]
    assert [(row[1], row[2], row[5]) for row in rows] == [
        ("newsletter", "Newsletter", 1),
        ("newsletter", "Profiling for partners", 1),
    ]


def test_a_pack_names_an_authority_only_if_the_person_was_informed_of_its_demand(cast: Cast) -> None:
    client_id, day = cast.client_id("indus"), timedelta(days=1)
    with in_client(client_id):
        hamza, amina = cast.subject("hamza"), cast.actor("amina")
        before = AT - 60 * day
        request_legal_disclosure(hamza, demand(before), actor=amina, at=before)
        request_legal_disclosure(hamza, demand(AT - 3 * day, is_secret=True), actor=amina, at=AT - 3 * day)
        secret, told, refused = [
            request_legal_disclosure(hamza, demand(AT - one * day, instrument=kind), actor=amina, at=AT - one * day)
            for one, kind in ((9, "warrant"), (8, "court_order"), (7, "police_request"))
        ]
        for row, approve in ((secret, True), (told, True), (refused, False)):
            decide_legal_disclosure(row, approve=approve, actor=officer(), at=AT - 6 * day)
        went: dict[str, Any] = {"categories": ["usage_logs"], "what_went": "One file.", "actor": amina}
        record_legal_disclosure(secret, **went, not_informed="order", at=AT - 5 * day)
        known_on = (AT - 5 * day).date()
        record_legal_disclosure(told, **went, informed="person", informed_on=known_on, at=AT - 5 * day)
        request_legal_disclosure(hamza, demand(AT - 4 * day), actor=amina, at=AT - 4 * day)
    gathered(cast)
    with in_client(client_id):
        text = PackContent.objects.get().body
    rows = json.loads(text)["sections"]["demands"]["rows"]
    assert [(row[0], row[1], row[3], row[6], row[7]) for row in rows] == [
        ("warrant", None, "disclosed", 1, None),
        ("court_order", "District Court Lahore", "disclosed", 1, "person"),
        ("police_request", None, "declined", 2, None),
        ("court_order", None, "waiting", 2, None),
    ]
    assert "17/2026" not in text
    assert "Contact details and logs" not in text


def test_a_pack_has_the_findings_about_use_of_its_days_without_the_ground(cast: Cast) -> None:
    by: dict[str, Any] = {"actor": cast.actor("farah"), "at": AT}
    finding: dict[str, Any] = {"kind": "denied", "what": "collection", "source": "LMS", "number": 3, "found_at": AT}
    days = {
        "before": ("2026-08-30", "2026-09-01"),
        "support": ("2026-09-01", "2026-09-02"),
        "after": ("2026-10-07",) * 2,
    }
    client, changes = cast.client_id("indus"), {"every": AT - timedelta(days=60), "off": AT - timedelta(days=1)}
    with in_client(client):
        for mode, at in changes.items():
            setting = DecisionLogSetting.objects.first() or DecisionLogSetting(client_id=client)
            setting.mode, setting.ground = mode, "The storage is full."
            set_decision_log(setting, actor=by["actor"], reason="review", at=at)
        for purpose, (first, last) in days.items():
            row = UseFinding(client_id=client, **finding, purpose=purpose, first_on=first, last_on=last)
            row.save(force_insert=True)
            decide_use(row, decision="mended", ground="A release.", **by)
        pack = gathered(cast)
    with in_client(client):
        text = PackContent.objects.get().body
        pdf = take_pack(pack, form="pdf", **by, reason="review")
    assert json.loads(text)["sections"]["log"]["rows"] == [
        [mode, 30 if mode == "every" else None, at.isoformat(timespec="seconds")] for mode, at in changes.items()
    ]
    [line] = json.loads(text)["sections"]["use"]["rows"]
    assert (line[0], line[2:8]) == ("denied", ["LMS", "support", 3, "2026-09-01", "2026-09-02", "mended"])
    assert "A release" not in text
    printed = " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
    assert "The system now asks and obeys" in printed
    assert "Every decision" in printed


def test_a_pack_of_before_a_section_is_printed_without_it(cast: Cast) -> None:
    pack = gathered(cast)
    with in_client(cast.client_id("indus")):
        body = json.loads(PackContent.objects.get(pack=pack).body)
    assert body["sections"]["log"]["rows"] == [["counts", None, None]], "without a setting decisions are counted"
    for section in ("log", "use"):
        del body["sections"][section]
    pages = PdfReader(io.BytesIO(_render_pack(body, "0" * 64))).pages
    assert "Use of data" not in "".join(page.extract_text() for page in pages)


def test_a_pack_names_no_person(cast: Cast) -> None:
    happen(cast)
    gathered(cast)
    with in_client(cast.client_id("indus")):
        text = PackContent.objects.get().body
        people = [cast.subject(name) for name in ("hamza", "danish", "esra")]
    for person in people:
        assert str(person.pk) not in text
        assert str(person.external_id) not in text
    assert "@" not in text


def test_the_zip_has_the_pdf_each_section_and_a_manifest_that_fits(cast: Cast) -> None:
    happen(cast)
    pack = gathered(cast)
    with in_client(cast.client_id("indus")):
        by: dict[str, Any] = {"actor": cast.actor("farah"), "reason": "review", "at": AT}
        archive = zipfile.ZipFile(io.BytesIO(take_pack(pack, form="zip", **by)))
        pdf = take_pack(pack, form="pdf", **by)
        taken = facts("regulator_pack.taken")
    assert [(one["format"], one["reason"]) for one in taken] == [("zip", "review"), ("pdf", "review")]
    assert {"pack.pdf", "pack.json", "requests.csv", "register-ur.csv", "manifest.json"} <= set(archive.namelist())
    manifest = json.loads(archive.read("manifest.json"))
    for file in manifest["files"]:
        assert hashlib.sha256(archive.read(file["path"])).hexdigest() == file["sha256"]
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert "Pack for a regulator" in text
    assert "Indus Schools" in text
    for words in ("Access to the data", "Collection from a child without authority", "Device", "In the learning"):
        assert words in text.replace("\n", " ")
    assert str(taken[0]["sha256"])[:16] in text.replace("\n", "")


def test_a_killed_worker_goes_on_with_the_next_section_and_a_failure_is_shown(cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        pack = requested(cast)
        assert gather_section(pack.pk, client_id=pack.client_id, actor=WORKER, at=AT)
        pack.refresh_from_db()
        assert (pack.done, list(pack.parts)) == (1, [SECTIONS[0].code])
        with pytest.raises(Refused, match="The pack is not ready yet"):
            take_pack(pack, form="pdf", actor=cast.actor("amina"), reason="review", at=AT)
        fail_pack(pack.pk, client_id=pack.client_id, actor=WORKER, at=AT)
        assert not gather_section(pack.pk, client_id=pack.client_id, actor=WORKER, at=AT)
        retry_pack(pack, actor=cast.actor("farah"), reason="review", at=AT)
    gather_pack(client=str(pack.client_id), pack=str(pack.pk))
    with in_client(cast.client_id("indus")):
        pack.refresh_from_db()
        assert pack.state == PackState.READY


@pytest.mark.parametrize("name", ["bilal", "sana", "celia"])
def test_others_neither_request_nor_take_a_pack(cast: Cast, name: str) -> None:
    pack = gathered(cast)
    with in_client(cast.client_id("indus")):
        with pytest.raises(NotAllowed):
            requested(cast, name)
        with pytest.raises(NotAllowed):
            take_pack(pack, form="pdf", actor=cast.actor(name), reason="review", at=AT)
    assert not cast.has(RegulatorPack, "khyber")
    assert not cast.has(PackContent, "khyber")


@pytest.mark.parametrize(
    "days",
    [
        {"since": UNTIL, "until": SINCE},
        {"since": date(2026, 9, 1), "until": date(2026, 10, 9)},
        {"since": date(2022, 9, 1), "until": UNTIL},
    ],
)
def test_a_period_backwards_in_the_future_or_too_long_is_refused_by_its_field(cast: Cast, days: dict[str, Any]) -> None:
    with in_client(cast.client_id("indus")), pytest.raises(ValidationError) as refused:
        requested(cast, **days)
    assert list(refused.value.message_dict) == ["until_on"]


def test_an_administrator_requests_one_in_the_console_and_follows_it(
    cast: Cast, time_machine: TimeMachineFixture
) -> None:
    time_machine.move_to(AT, tick=False)
    farah, bilal = browser_of(cast.user("farah")), browser_of(cast.user("bilal"))
    sent = {"since_on": SINCE.isoformat(), "until_on": UNTIL.isoformat(), "reason": "review"}
    wrong = farah.post("/admin/reports/regulatorpack/add/", {**sent, "until_on": SINCE.replace(day=1).isoformat()})
    assert "not before the first one" in wrong.content.decode()
    made = farah.post("/admin/reports/regulatorpack/add/", sent)
    url = made["Location"]
    page = farah.get(url).content.decode()
    assert f"0 of {len(SECTIONS)} done." in page
    assert 'http-equiv="refresh"' in page
    key = UUID(url.split("/")[-3])
    gather_pack(client=str(cast.client_id("indus")), pack=str(key))
    ready = farah.get(url).content.decode()
    assert "Take as PDF" in ready
    assert 'http-equiv="refresh"' not in ready
    file = farah.post(url.replace("change", "pdf"), {"reason": "review"})
    assert file["Content-Type"] == "application/pdf"
    assert "pack-indus-20260902-20261006.pdf" in file["Content-Disposition"]
    assert "Take as PDF" not in bilal.get(url).content.decode()
    assert bilal.get(url.replace("change", "pdf")).status_code == 403
