"""The states of a consent: how each is reached, its transitions, and renewal under a notice shown again."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from consent.consents.models import Consent, ConsentEvent, ConsentState, GivenBy
from consent.consents.selectors.consents import consent_states, list_timeline, select_consent_events, states_at
from consent.consents.services.consent_basis import ChildMayNotGive, ClaimBeforeNotice
from consent.consents.services.recording import withdraw_consent
from consent.consents.services.restrictions import object_to_purpose
from consent.consents.services.revocation import invalidate_consent, request_renewals, revoke_consent
from consent.decisions.facts import changes_state, renewal_is_due
from consent.decisions.models import SubjectChange
from consent.decisions.selectors.decisions import decide_all_purposes
from consent.notices.models import Notice
from consent.notices.notice_tokens import TokenExpired
from consent.notices.selectors.registers import register_as_of
from consent.receipts.evidence_bundles import LEDGER, MANIFEST, BundleBroken, check_bundle
from consent.receipts.services import export_evidence
from consent.register.models.purposes import Purpose
from consent.register.services import change_register
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.cast import refused_to
from tests.children.guardians import make_guardian, verified_guardian
from tests.consent.making import give, on_paper, publish, shown
from tests.factories import CAST_AT, SubjectFactory
from tests.signing_in import browser_of

DAY = timedelta(days=1)
GIVEN, REQUESTED, DEFERRED = ConsentState.GIVEN, ConsentState.REQUESTED, ConsentState.DEFERRED


def answer(cast, state, at, **how):
    return give(cast.subject("kiran"), at, state=state, actor=cast.actor("celia"), **how)


def end(cast, state, at):
    consent = Consent.objects.get(subject=cast.subject("kiran"))
    if state == "withdrawn":
        return withdraw_consent(cast.subject("kiran"), purpose="newsletter", actor=cast.actor("celia"), at=at)
    act, actor = {"revoked": (revoke_consent, "celia"), "invalidated": (invalidate_consent, "amina")}[state]
    return act(consent, actor=cast.actor(actor), reason=Reason.INCIDENT, at=at)


def told(cast, at):
    [state] = consent_states(cast.subject("kiran"), actor=cast.actor("celia"), at=at)
    return state


def reason(cast, at, now):
    answers = decide_all_purposes(cast.actor("celia"), cast.client_id("khyber"), "lms-kiran", at=at, now=now)
    return str(answers["newsletter"].reason)


def lasting(cast, months, at, **changed):
    purpose = Purpose.objects.get(code="newsletter", client_id=cast.client_id("khyber"))
    for column, value in {"consent_months": months, **changed}.items():
        setattr(purpose, column, value)
    return change_register(purpose, actor=cast.actor("celia"), reason=Reason.REVIEW, at=at)


@pytest.mark.parametrize("state", ["withdrawn", "revoked", "invalidated"])
def test_what_was_ended_returns_only_through_a_notice_shown_anew(cast, khyber, now, state):
    answer(cast, GIVEN, now)
    before = shown(khyber.id, now + timedelta(hours=1))
    event = end(cast, state, now + timedelta(hours=2))
    assert (event.state, told(cast, now + DAY)["state"]) == (state, state)
    assert reason(cast, now + timedelta(hours=3), now + timedelta(hours=3)) == f"consent_{state}"
    with pytest.raises(TokenExpired):
        answer(cast, GIVEN, now + timedelta(hours=3), shown=before)
    answer(cast, GIVEN, now + timedelta(hours=4))
    assert reason(cast, now + timedelta(hours=5), now + timedelta(hours=5)) == "permitted"


@pytest.mark.parametrize("state", ["revoked", "invalidated"])
def test_ending_a_consent_says_who_and_why_even_in_sql(cast, khyber, now, state):
    answer(cast, GIVEN, now)
    event = end(cast, state, now + DAY)
    entry = Entry.objects.get(kind=f"consent.{state}")
    assert (event.reason, event.given_by, entry.actor_id) == ("incident", "organisation", event.actor_id)
    assert '"reason":"incident"' in entry.body
    event.pk, event.reason = event.actor_id, ""
    with pytest.raises(IntegrityError, match="ended_for_a_reason"), transaction.atomic():
        event.save(force_insert=True)


@pytest.mark.parametrize("before", ["refused", "deferred", "requested", "withdrawn", "revoked", "invalidated"])
def test_only_what_is_given_is_ended(cast, khyber, now, before):
    if before in {"withdrawn", "revoked", "invalidated"}:
        answer(cast, GIVEN, now)
        end(cast, before, now + DAY)
    else:
        answer(cast, before, now)
    for state in ("revoked", "invalidated"):
        with pytest.raises(Refused, match="no consent in force"):
            end(cast, state, now + 2 * DAY)


@pytest.mark.parametrize("asking", [REQUESTED, DEFERRED])
def test_asking_again_does_not_undo_what_was_given(cast, khyber, now, asking):
    first = answer(cast, GIVEN, now)
    asked = answer(cast, asking, now + DAY)
    assert not asked.becomes_state
    current = Consent.objects.get()
    assert (current.state, current.event_id) == ("given", first.pk)
    assert current.asked_at == (now + DAY if asking == REQUESTED else None)
    later = now + 2 * DAY
    assert reason(cast, later, later) == "permitted"
    assert reason(cast, now + DAY + timedelta(hours=1), later) == "permitted"  # as it was then


def test_becoming_the_state_is_all_but_asking_over_given():
    states = [state.value for state in ConsentState]
    kept = {(before, event) for before in states for event in states if not changes_state(before, event)}
    assert kept == {("given", "requested"), ("given", "deferred")}


def test_giving_again_before_the_end_extends_it(cast, khyber, now):
    lasting(cast, 12, now)
    first, again = answer(cast, GIVEN, now), answer(cast, GIVEN, now + 300 * DAY)
    assert (first.is_renewal, again.is_renewal) == (False, True)
    assert again.expires_at == again.recorded_at.replace(year=2028)
    assert told(cast, first.expires_at + DAY)["state"] == "given"
    assert told(cast, again.expires_at)["state"] == "expired"


def test_consent_is_requested_again_once_before_it_expires(cast, khyber, now):
    lasting(cast, 12, now, renew_days=30)
    given = answer(cast, GIVEN, now)
    worker, due = system_actor("consent.ask_about_renewal"), given.expires_at - 30 * DAY
    assert request_renewals(khyber.id, actor=worker, at=due - timedelta(seconds=1)) == 0
    assert (told(cast, due - timedelta(seconds=1))["renewal_due"], told(cast, due)["renewal_due"]) == (False, True)
    noted = SubjectChange.objects.filter(kind="consent").count()
    requested = [request_renewals(khyber.id, actor=worker, at=due + hours * timedelta(hours=1)) for hours in (0, 1)]
    assert requested == [1, 0]
    assert SubjectChange.objects.filter(kind="consent").count() == noted + 1
    state = told(cast, due + DAY)
    assert (state["state"], state["asked_at"], state["event"]) == ("given", due, given.pk)
    event = ConsentEvent.objects.get(state="requested")
    assert (event.given_by, event.method, event.actor_kind) == ("organisation", "system", "system")
    answer(cast, GIVEN, due + 2 * DAY)
    assert (told(cast, due + 2 * DAY)["renewal_due"], told(cast, due + 2 * DAY)["asked_at"]) == (False, None)


def test_a_person_who_no_longer_needs_to_consent_is_not_asked(cast, khyber, now):
    lasting(cast, 12, now)
    given = answer(cast, GIVEN, now)
    lasting(cast, 12, now + DAY, is_active=False)
    assert request_renewals(khyber.id, actor=system_actor("worker"), at=given.expires_at - DAY) == 0


def test_data_whose_trigger_passed_is_due(cast, khyber, now):
    answer(cast, GIVEN, now)
    publish(Notice.objects.get(code="about_newsletter"), now, actor=cast.actor("celia"), effective_at=now + DAY)
    state = told(cast, now + DAY)
    assert (state["state"], state["renewal_due"]) == ("outdated", True)


def test_a_refusal_is_never_due(now):
    for state in ("refused", "withdrawn", "requested", "unknown"):
        assert not renewal_is_due(state, expires_at=now, renew_days=30, at=now + DAY)


REFUSED = ConsentState.REFUSED
HOUR = timedelta(hours=1)


def say(cast, subject, state, at, **how):
    return give(subject, at, state=state, actor=cast.actor("farah"), **how)


def paper(cast, claimed_at):
    return on_paper(cast.client_id("indus"), datetime(2026, 10, 1, tzinfo=UTC), claimed_at=claimed_at)


def state_now():
    return Consent.objects.get().state


@pytest.fixture
def by_esra(cast, danish, now):
    esra = cast.subject("esra")
    verified_guardian(danish, esra, at=now - HOUR)
    return {"given_by": GivenBy.GUARDIAN, "guardian": esra}


def test_a_guardians_refusal_is_not_overridden_by_their_older_paper_or_token(cast, danish, by_esra, now):
    say(cast, danish, REFUSED, now, **by_esra)
    for older in (paper(cast, now - HOUR), paper(cast, None), {"shown": shown(danish.client_id, now - HOUR)}):
        with pytest.raises(TokenExpired):
            say(cast, danish, GIVEN, now + HOUR, **by_esra, **older)
    assert state_now() == "refused"
    assert say(cast, danish, GIVEN, now + 2 * HOUR, **by_esra, **paper(cast, now + HOUR)).state == "given"
    assert state_now() == "given"


@pytest.mark.parametrize(
    ("hours", "status", "code"), [(-2, 409, "claimed-before-refusal"), (None, 400, "claimed-at-missing")]
)
def test_the_api_says_that_an_older_paper_does_not_override_a_refusal(cast, indus_lms, hours, status, code):
    now = timezone.now()
    assert indus_lms.consent("lms-hamza", "newsletter", "refused").status_code == 201
    paper = {"notice_version": indus_lms.notice("newsletter"), "method": "paper", "evidence": "Box 3, folder 4"}
    claim = {} if hours is None else {"claimed_at": (now + timedelta(hours=hours)).isoformat()}
    answers = [{"purpose": "newsletter", "state": "given"}]
    response = indus_lms.post("/api/v1/consents", {"subject": "lms-hamza", "answers": answers, **paper, **claim})
    problem = response.json()
    assert (response.status_code, problem["type"]) == (status, f"urn:paktaleem:problem:{code}")
    assert [one["pointer"] for one in problem["errors"]] == ["#/claimed_at"]


def test_a_claim_before_the_birth_of_an_adult_is_before_the_notice(cast, indus, now):
    junaid = SubjectFactory(client=indus, external_id="lms-born-2000", birth_date=date(2000, 1, 1), at=now)
    with pytest.raises(ClaimBeforeNotice):
        say(cast, junaid, GIVEN, now, **paper(cast, datetime(1990, 1, 1, tzinfo=UTC)))


def test_ones_own_refusal_is_not_overridden_by_an_older_paper_token_or_claim(cast, indus, now):
    hamza = cast.subject("hamza")
    assert say(cast, hamza, REFUSED, now, claimed_at=datetime(1990, 1, 1, tzinfo=UTC)).state == "refused"
    say(cast, hamza, REFUSED, now)
    for older in (paper(cast, now - HOUR), {"shown": shown(indus.id, now - HOUR)}, {"claimed_at": now - HOUR}):
        with pytest.raises(TokenExpired):
            say(cast, hamza, GIVEN, now + HOUR, **older)
    assert say(cast, hamza, GIVEN, now + HOUR).state == "given"


def test_a_refusal_of_the_child_is_not_overridden_by_older_paper_of_a_guardian(cast, danish, by_esra, now):
    say(cast, danish, REFUSED, now)
    with pytest.raises(TokenExpired):
        say(cast, danish, GIVEN, now + HOUR, **by_esra, **paper(cast, now - HOUR))
    assert state_now() == "refused"


def test_a_paper_before_another_guardians_refusal_is_recorded_without_effect(cast, indus, danish, by_esra, now):
    omar = make_guardian(indus, "omar", at=now - HOUR)
    verified_guardian(danish, omar, at=now - HOUR)
    say(cast, danish, REFUSED, now, given_by=GivenBy.GUARDIAN, guardian=omar)
    assert not say(cast, danish, GIVEN, now + HOUR, **by_esra, **paper(cast, now - HOUR)).becomes_state
    assert state_now() == "refused"


def test_a_refusal_on_paper_counts_from_its_day(cast, danish, by_esra, now):
    say(cast, danish, REFUSED, now, **by_esra, **paper(cast, now - 2 * HOUR))
    say(cast, danish, GIVEN, now + HOUR, **by_esra, **paper(cast, now - HOUR))
    assert state_now() == "given"


@pytest.mark.parametrize("claimed_at", [datetime(1990, 1, 1, tzinfo=UTC), CAST_AT - timedelta(microseconds=1)])
def test_no_consent_is_older_than_its_notice(cast, indus, now, claimed_at):
    junaid = cast.subject("junaid")
    for manner in (paper(cast, claimed_at), {"claimed_at": claimed_at}):
        with pytest.raises(ClaimBeforeNotice):
            say(cast, junaid, GIVEN, now, **manner)
    assert not Consent.objects.exists()
    assert say(cast, junaid, GIVEN, now, **paper(cast, CAST_AT)).state == "given"


def test_the_age_of_an_answer_is_that_of_the_time_it_was_given(cast, indus, now):
    born = date(now.year - indus.thresholds.of(""), now.month, now.day)
    zara = SubjectFactory(client=indus, external_id="lms-zara", role="student", birth_date=born, at=now - HOUR)
    child_then = now - timedelta(days=2)
    for manner in (paper(cast, child_then), {"claimed_at": child_then}):
        with pytest.raises(ChildMayNotGive):
            say(cast, zara, GIVEN, now, **manner)
    assert say(cast, zara, REFUSED, now, claimed_at=child_then).state == "refused"
    assert say(cast, zara, GIVEN, now + HOUR, **paper(cast, now + HOUR)).state == "given"


def test_an_adults_age_then_follows_from_what_is_known_now(cast, indus, now):
    threshold = indus.thresholds.of("")
    by = {"client": indus, "at": now - HOUR}
    adult = SubjectFactory(external_id="lms-adult", attested_age=40, **by)
    parent = SubjectFactory(external_id="lms-parent", role="guardian", **by)
    of_age = SubjectFactory(external_id="lms-of-age", attested_age=threshold, **by)
    form = paper(cast, now - timedelta(days=9))
    assert say(cast, adult, GIVEN, now, **form).state == say(cast, parent, GIVEN, now, **form).state == "given"
    with pytest.raises(ChildMayNotGive):
        say(cast, of_age, GIVEN, now, **form)


# The timeline of a person: answers with notice and basis, derived ends, and any past time.


BASE = "https://privacy.school.example"


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


def told_of(subject, cast, until):
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
    assert told_of(kiran, cast, until)[0] == ("expired", given.expires_at)
    assert told_of(kiran, cast, given.expires_at - DAY) == [("given", given.recorded_at)]


def test_the_timeline_shows_a_material_notice_that_outdated_a_consent(cast, kiran, given):
    effective_at = given.recorded_at + 40 * DAY
    by = {"actor": cast.actor("celia"), "effective_at": effective_at}
    publish(given.notice_version.notice, given.recorded_at + DAY, **by)
    assert told_of(kiran, cast, effective_at + DAY)[0] == ("outdated", effective_at)


def test_objections_are_listed_beside_consents(cast, kiran, given):
    at = given.recorded_at + DAY
    by = {"actor": cast.actor("celia"), "reason": Reason.SUBJECT_REQUEST, "at": at}
    object_to_purpose(kiran, purpose_code="platform_improvement", **by)
    assert told_of(kiran, cast, at)[0] == ("Objected", at)


def test_each_past_time_has_its_own_state(cast, kiran, given):
    withdrawn_at = given.recorded_at + DAY
    withdraw_consent(kiran, purpose="newsletter", actor=cast.actor("celia"), at=withdrawn_at)
    after = [("withdrawn", withdrawn_at), ("given", given.recorded_at)]
    assert told_of(kiran, cast, given.expires_at + DAY) == after, "what ended before did not expire"
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
    refused_to("sana bilal farah", lambda name: exported(cast, kiran, given.recorded_at + DAY, name))
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


def test_the_bundle_is_taken_in_the_console_with_a_reason(cast):
    Caller(cast.key("khyber")).consent("lms-kiran", "newsletter")
    url = f"/admin/people/subject/{cast.subject_id('kiran')}/evidence/"
    answer = browser_of(cast.user("amina")).post(url, {"language": "ur", "reason": "subject_request"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert "attachment" in answer["Content-Disposition"]
    assert len(check_bundle(answer.content)) == 64
