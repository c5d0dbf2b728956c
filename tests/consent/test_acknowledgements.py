"""Acknowledgements of the privacy policy: in the timeline and the bundle, and never a consent."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from consent.consents.models import Consent, ConsentEvent, Method, PolicyAcknowledgement
from consent.consents.selectors.consents import ACKNOWLEDGED, list_timeline, select_acknowledgements
from consent.consents.services.acknowledgements import acknowledge_policy
from consent.consents.services.consent_basis import NoticeNotInEffect
from consent.consents.services.recording import ClaimInFuture
from consent.notices.notice_tokens import TokenExpired, TokenForeign, TokenForged, TokenMissing
from consent.notices.selectors.notices import get_version_in_effect, policy_timeline
from consent.receipts.evidence_bundles import LEDGER, check_bundle
from consent.receipts.services import export_evidence
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.consent.announcing import DAY, announce
from tests.showing import shown, shown_version
from tests.signing_in import browser_of

CHILDREN = {"child_text_en": "We keep your name.", "child_text_ur": "ہم آپ کا نام رکھتے ہیں۔"}
PAGE = "/api/v1/acknowledgements"


def policy(cast, at):
    return get_version_in_effect(policy_timeline(cast.client("indus")), at=at)


def token(cast, at, language="ur"):
    return shown_version(policy(cast, at), cast.client_id("indus"), at, language)


def acknowledge(cast, at, **more):
    """Record that Hamza has seen the policy of Indus, with a fresh token unless given."""
    with in_client(cast.client_id("indus")):
        values = {"actor": cast.key_actor("indus"), "at": at, **more}
        if "shown" not in values:
            values["shown"] = token(cast, at)
        return acknowledge_policy(cast.subject("hamza"), **values)


def test_it_says_which_text_was_seen_in_which_language_and_how(cast, now):
    seen = acknowledge(cast, now)
    with in_client(cast.client_id("indus")):
        version = policy(cast, now)
        entry = json.loads(Entry.objects.get(kind="policy.acknowledged").body)
    assert (seen.version_id, seen.shown_hash, seen.language) == (version.pk, version.content_hash, "ur")
    assert (seen.method, seen.recorded_at, seen.actor_id) == (Method.LMS, now, cast.key_id("indus"))
    assert (entry["subject"], entry["facts"]["notice_version"]) == (str(seen.subject_id), str(version.pk))
    assert entry["facts"]["shown_at"] == now.isoformat()


def test_it_is_no_consent_and_permits_nothing(cast):
    lms = Caller(cast.key("indus"))

    def answers():
        found = lms.get("/api/v1/subjects/lms-hamza/standing").json()["purposes"]
        return {code: (one["decision"], one.get("reason")) for code, one in found.items()}

    before = answers()
    acknowledge(cast, timezone.now())
    assert answers() == before
    assert before["newsletter"] == (False, "consent_missing")
    with in_client(cast.client_id("indus")):
        assert PolicyAcknowledgement.objects.count() == 1
        assert not ConsentEvent.objects.exists()
        assert not Consent.objects.exists()


def test_the_same_text_again_is_the_same_event_and_a_new_text_another(cast, now):
    first = acknowledge(cast, now)
    assert acknowledge(cast, now + DAY) == first
    at = now + 2 * DAY
    announce(cast, at, code="privacy_notice", is_material=False, effective_at=at, **CHILDREN)
    later = acknowledge(cast, at)
    assert later != first
    with in_client(cast.client_id("indus")):
        assert list(PolicyAcknowledgement.objects.values_list("version__number", flat=True)) == [2, 1]


def test_a_text_that_is_not_in_effect_here_is_not_acknowledged(cast, now):
    version = announce(cast, now, code="privacy_notice", **CHILDREN)
    with in_client(cast.client_id("indus")):
        coming = shown_version(version, cast.client_id("indus"), now)
    with pytest.raises(NoticeNotInEffect):
        acknowledge(cast, now, shown=coming)
    with pytest.raises(NoticeNotInEffect):
        acknowledge(cast, now, shown=None, method=Method.PAPER, notice_version=version.pk)


def test_the_token_must_be_there_ours_of_the_policy_and_of_today(cast, now):
    with in_client(cast.client_id("indus")):
        of_purpose = shown(cast.client_id("indus"), now)
        fresh = token(cast, now)
    with in_client(cast.client_id("khyber")):
        foreign = shown_version(policy_of_khyber(cast, now), cast.client_id("khyber"), now)
    refused = {
        TokenMissing: {"shown": None},
        TokenForged: {"shown": fresh + "x"},
        TokenForeign: {"shown": of_purpose},
        TokenExpired: {"shown": fresh, "at": now + timedelta(hours=24, microseconds=1)},
        ClaimInFuture: {"claimed_at": now + DAY},
    }
    for why, values in refused.items():
        with pytest.raises(why):
            acknowledge(cast, **{"at": now, **values})
    for values in ({"shown": foreign}, {"shown": fresh, "language": "en"}):
        with pytest.raises(TokenForeign):
            acknowledge(cast, now, **values)
    with in_client(cast.client_id("indus")):
        assert not PolicyAcknowledgement.objects.exists()
    assert acknowledge(cast, now, shown=fresh).recorded_at == now


def policy_of_khyber(cast, at):
    return get_version_in_effect(policy_timeline(cast.client("khyber")), at=at)


def test_on_paper_the_version_is_named(cast, now):
    with in_client(cast.client_id("indus")):
        version = policy(cast, now)
    seen = acknowledge(cast, now, shown=None, notice_version=version.pk, method=Method.PAPER, claimed_at=now - DAY)
    assert (seen.method, seen.language, seen.claimed_at) == (Method.PAPER, "en", now - DAY)


@pytest.mark.parametrize("name", ["bilal", "sana", "celia"])
def test_the_wrong_role_records_nothing(cast, now, name):
    with pytest.raises(NotAllowed):
        acknowledge(cast, now, actor=cast.actor(name))


def test_what_was_seen_stays_seen(cast, now):
    acknowledge(cast, now)
    with in_client(cast.client_id("indus")):
        for sql in (
            "UPDATE consent_policyacknowledgement SET language = 'en'",
            "DELETE FROM consent_policyacknowledgement",
        ):
            with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)


# Where it is shown


def test_the_timeline_shows_it_up_to_the_time_in_question(cast, now):
    acknowledge(cast, now)
    with in_client(cast.client_id("indus")):
        told = {}
        for until in (now - timedelta(seconds=1), now):
            seen = select_acknowledgements(cast.subject("hamza"), actor=cast.actor("farah"), until=until)
            lines = list_timeline(cast.subject("hamza"), events=[], acknowledged=seen, until=until)
            told[until] = [(line.what, line.at, line.state) for line in lines]
    assert list(told.values()) == [[], [(ACKNOWLEDGED, now, "")]]


def test_the_page_distinguishes_it_from_consent(cast):
    acknowledge(cast, timezone.now())
    url = f"/admin/subjects/subject/{cast.subject_id('hamza')}/timeline/"
    page = browser_of(cast.user("farah")).get(url).content.decode()
    assert ACKNOWLEDGED in page
    assert "it is not consent" in page
    assert "in Urdu, in the learning platform; recorded by API key" in page
    assert "Current state" not in page


def test_it_is_packed_with_its_words_and_its_entry(cast, now):
    acknowledge(cast, now)
    with in_client(cast.client_id("indus")):
        packed = export_evidence(
            cast.subject("hamza"), base="https://x.example", actor=cast.actor("farah"), reason=Reason.REVIEW, at=now
        )
        text = policy(cast, now).text_ur
    check_bundle(packed)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert b"policy.acknowledged" in files[LEDGER]
    assert files["notices/privacy_notice-1.ur.txt"].decode() == text


# Over the API


def test_the_platform_shows_the_policy_and_brings_its_token_back(cast):
    lms = Caller(cast.key("indus"))
    notice = lms.get("/api/v1/notices/current", language="ur").json()
    assert (notice["purposes"], notice["language"]) == ([], "ur")
    body = {"subject": "lms-hamza", "shown": notice["shown"]}
    answers = [lms.post(PAGE, body) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert (answers[0].json()["version"], answers[0].json()["language"]) == (notice["version"], "ur")
    assert lms.get("/api/v1/subjects/lms-hamza/consents").json()["history"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"subject": "lms-hamza"}, 400, "shown-missing"),
        ({"subject": "lms-hamza", "shown": "x"}, 400, "shown-forged"),
        ({"subject": "lms-nobody", "shown": "x"}, 404, "subject-unknown"),
        ({"subject": "lms-hamza", "method": "paper"}, 409, "notice-stale"),
        ({"subject": "lms-hamza", "method": "console"}, 400, "invalid-input"),
        ({"subject": "lms-hamza", "state": "given"}, 400, "invalid-input"),
    ],
)
def test_bad_input_gets_a_clear_answer(cast, body, status, code):
    answer = Caller(cast.key("indus")).post(PAGE, body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:paktaleem:problem:{code}")


def test_another_clients_person_is_not_there(cast):
    lms = Caller(cast.key("khyber"))
    token = lms.get("/api/v1/notices/current").json()["shown"]
    assert lms.post(PAGE, {"subject": "lms-hamza", "shown": token}).status_code == 404
