"""The timeline of a person: answers with notice and basis, derived ends, and any past time."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from consent.consents.models import ConsentEvent
from consent.consents.selectors.consents import list_timeline, select_consent_events, states_at
from consent.consents.services.recording import withdraw_consent
from consent.consents.services.restrictions import object_to_purpose
from consent.notices.selectors.registers import register_as_of
from consent.receipts.evidence_bundles import LEDGER, MANIFEST, BundleBroken, check_bundle
from consent.receipts.services import export_evidence
from consent.register.models.purposes import Purpose
from consent.register.services import change_register
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.consent.making import publish
from tests.signing_in import browser_of

BASE = "https://privacy.school.example"
DAY = timedelta(days=1)


@pytest.fixture
def answered(cast):
    """Kiran consents to the newsletter, which then expires after twelve months."""
    with in_client(cast.client_id("khyber")):
        purpose = Purpose.objects.get(code="newsletter", client_id=cast.client_id("khyber"))
        purpose.consent_months = 12
        at = Subject.objects.get(pk=cast.subject_id("kiran")).registered_at + timedelta(minutes=1)
        change_register(purpose, actor=cast.actor("celia"), reason=Reason.REVIEW, at=at)
    return Caller(cast.key("khyber")).consent("lms-kiran", "newsletter").json()["events"][0]["id"]


@pytest.fixture
def khyber_cast(cast):
    with in_client(cast.client_id("khyber")):
        yield cast


@pytest.fixture
def given(answered, khyber_cast):
    return ConsentEvent.objects.get(pk=answered)


@pytest.fixture
def kiran(given):
    return Subject.objects.get(pk=given.subject_id)


def told(subject, cast, until):
    events = list(select_consent_events(subject, actor=cast.actor("celia"), until=until))
    lines = list_timeline(subject, events=events, until=until)
    return [(line.state or line.what, line.at) for line in lines if line.what != "Notice shown"]


def test_the_timeline_shows_an_answer_with_its_notice_and_lawful_basis(cast, kiran, given):
    events = list(select_consent_events(kiran, actor=cast.actor("celia"), until=given.recorded_at))
    line, shown = list_timeline(kiran, events=events, until=given.recorded_at)
    assert (shown.what, shown.at, shown.notice) == ("Notice shown", given.shown_at, given.notice_version)
    assert (line.purpose, line.state, line.basis, line.row) == ("newsletter", "given", "consent", given)
    assert line.notice == given.notice_version


def test_the_timeline_shows_an_expiry_that_was_not_recorded(cast, kiran, given):
    until = given.expires_at + DAY
    assert told(kiran, cast, until)[0] == ("expired", given.expires_at)
    assert told(kiran, cast, given.expires_at - DAY) == [("given", given.recorded_at)]


def test_the_timeline_shows_a_material_notice_that_outdated_a_consent(cast, kiran, given):
    effective_at = given.recorded_at + 40 * DAY
    by = {"actor": cast.actor("celia"), "effective_at": effective_at}
    publish(given.notice_version.notice, given.recorded_at + DAY, **by)
    assert told(kiran, cast, effective_at + DAY)[0] == ("outdated", effective_at)


def test_objections_are_listed_beside_consents(cast, kiran, given):
    at = given.recorded_at + DAY
    by = {"actor": cast.actor("celia"), "reason": Reason.SUBJECT_REQUEST, "at": at}
    object_to_purpose(kiran, purpose_code="platform_improvement", **by)
    assert told(kiran, cast, at)[0] == ("Objected", at)


def test_each_past_time_has_its_own_state(cast, kiran, given):
    withdrawn_at = given.recorded_at + DAY
    withdraw_consent(kiran, purpose="newsletter", actor=cast.actor("celia"), at=withdrawn_at)
    after = [("withdrawn", withdrawn_at), ("given", given.recorded_at)]
    assert told(kiran, cast, given.expires_at + DAY) == after, "what ended before did not expire"
    second = timedelta(seconds=1)
    moments = [(given.recorded_at - second, None), (withdrawn_at - second, "given"), (withdrawn_at, "withdrawn")]
    for at, state in moments:
        events = list(select_consent_events(kiran, actor=cast.actor("celia"), until=at))
        found = states_at(events, register_as_of(kiran.client_id, at), at)
        assert {code: line.state for code, line in found.items()} == ({"newsletter": state} if state else {})


# The page


def test_the_page_shows_the_answer_then_and_now(cast):
    Caller(cast.key("khyber")).consent("lms-kiran", "newsletter")
    url = f"/admin/people/subject/{cast.subject_id('kiran')}/timeline/"
    browser = browser_of(cast.user("celia"))
    page = browser.get(url).content.decode()
    assert "API key" in page
    assert "in the learning platform" in page
    assert "Export evidence" in page
    past = browser.get(url, {"day": "2020-01-01"}).content.decode()
    assert "Nothing had been requested or answered by then" in past
    garbage = browser.get(url, {"day": "32.13.20", "hour": "25:99"})
    assert garbage.status_code == 200
    assert "Enter a valid date" in garbage.content.decode()


# The bundle


def exported(cast, kiran, at, name="celia"):
    return export_evidence(kiran, base=BASE, actor=cast.actor(name), reason=Reason.REVIEW, at=at)


def test_a_bundle_can_be_checked_offline_and_against_the_ledger(cast, kiran, given, tmp_path, capsys):
    packed = exported(cast, kiran, given.recorded_at + DAY)
    file = tmp_path / "evidence.zip"
    file.write_bytes(packed)
    call_command("check_evidence", str(file))
    entry = Entry.objects.get(kind="consent.evidence_exported")
    facts = json.loads(entry.body)["facts"]
    assert capsys.readouterr().out.strip().endswith(facts["manifest"])
    assert facts["reason"] == "review"


def test_a_bundle_holds_the_receipt_the_words_and_the_entries(cast, kiran, given):
    packed = exported(cast, kiran, given.recorded_at + DAY)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert json.loads(files[f"receipts/{given.pk}.jsonld"])["dct:identifier"] == str(given.pk)
    version = given.notice_version
    name = f"notices/{version.notice.code}-{version.number}"
    assert files[f"{name}.en.txt"].decode() == version.text_en
    assert files[f"{name}.ur.txt"].decode() == version.text_ur
    assert f"{name}.child_en.txt" not in files
    assert b"consent.given" in files[LEDGER]
    assert not any(b"lms-kiran" in content or b"Kiran" in content for content in files.values())
    assert exported(cast, kiran, given.recorded_at + DAY) != packed  # the first export is in the second bundle


def with_false_leaf(files):
    """Change an entry and its manifest, so that only the leaf hash reveals it."""
    files[LEDGER] = files[LEDGER].replace(b"consent.given", b"consent.never")
    manifest = json.loads(files[MANIFEST])
    for one in manifest["files"]:
        one["sha256"] = hashlib.sha256(files[one["path"]]).hexdigest()
    return {**files, MANIFEST: json.dumps(manifest).encode()}


SPOILED = {
    "changed": lambda files: {**files, "README.txt": files["README.txt"] + b"."},
    "missing": lambda files: {name: content for name, content in files.items() if name != "context.jsonld"},
    "added": lambda files: {**files, "more.txt": b""},
    "no manifest": lambda files: {name: content for name, content in files.items() if name != MANIFEST},
    "leaf": with_false_leaf,
}


@pytest.mark.parametrize("what", [*SPOILED, "not a zip"])
def test_whatever_was_changed_in_a_bundle_is_found(what, cast, kiran, given, tmp_path):
    packed, file = exported(cast, kiran, given.recorded_at + DAY), tmp_path / "evidence.zip"
    file.write_bytes(packed[:100])
    if what in SPOILED:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            files = SPOILED[what]({name: archive.read(name) for name in archive.namelist()})
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    with pytest.raises(BundleBroken):
        check_bundle(file.read_bytes())
    with pytest.raises(CommandError) as refused:
        call_command("check_evidence", str(file))
    assert refused.value.returncode == 2


def test_without_answers_there_is_nothing_to_prove(cast, khyber_cast, now):
    with pytest.raises(Refused, match="nothing to export"):
        exported(cast, Subject.objects.get(pk=cast.subject_id("kiran")), now)


@pytest.mark.parametrize("name", ["sana", "bilal", "farah"])
def test_the_wrong_role_takes_nothing_away(name, cast, kiran, given):
    with pytest.raises(NotAllowed):
        exported(cast, kiran, given.recorded_at + DAY, name)
    assert not Entry.objects.filter(kind="consent.evidence_exported").exists()


def test_the_bundle_is_taken_in_the_console_with_a_reason(cast):
    Caller(cast.key("khyber")).consent("lms-kiran", "newsletter")
    url = f"/admin/people/subject/{cast.subject_id('kiran')}/evidence/"
    answer = browser_of(cast.user("amina")).post(url, {"language": "ur", "reason": "subject_request"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert "attachment" in answer["Content-Disposition"]
    assert len(check_bundle(answer.content)) == 64
