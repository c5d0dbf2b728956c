"""Material changes are announced, proven per client, and take effect by themselves; minor ones need none of it."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client as Visitor
from django.utils import timezone

from consent.consents.models import ConsentEvent
from consent.notices.models import Notice, NoticeDispatch, NoticeDraft, NoticeEffect, NoticeVersion
from consent.notices.selectors.notices import notice_timeline, policy_timeline
from consent.notices.services.announcements import list_clients_to_follow, open_dispatches, process_client
from consent.notices.services.publishing import announce_draft, discard_draft, save_draft
from consent.register.models.purposes import RegisterVersion
from consent.register.services import change_register
from consent.tasks import process_announcements
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.accounts.client_services import change_client
from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from tests.access_links.visiting import by_link
from tests.accounts.officers import second_officer
from tests.api.callers import Caller
from tests.cast import Cast, refused_to
from tests.consent import making
from tests.consent.making import DAY, PURPOSE, SECOND, TICK, announce, consent, decision, prove, refuses, share_purpose
from tests.consent.test_choices import PAGE, words
from tests.factories import SETTING_UP, make_consent_purpose

# ruff: noqa: S608 -- SQL on names of our own tables


@pytest.fixture
def shared(cast, now):
    """Set up consents of both clients' adults to a shared purpose."""
    share_purpose(cast)
    for code in ("indus", "khyber"):
        consent(cast, code, now - DAY)
    return cast


def reasons(cast, at):  # at both clients
    return [str(decision(cast, code, at).reason) for code in ("indus", "khyber")]


def draft_of(cast, at, *, code="privacy_notice", actor="amina", **changed):
    notice = Notice.objects.get(client_id=PAKTALEEM, code=code)
    values = {"text_en": "A draft.", "text_ur": "مسودہ", "is_material": True, **changed}
    draft = NoticeDraft(client_id=PAKTALEEM, notice=notice, **values)
    return save_draft(draft, actor=cast.actor(actor), reason=Reason.REVIEW, at=at)


# Drafts


def test_a_draft_is_the_only_one_and_changes_until_it_is_announced(cast, now):
    with in_client(PAKTALEEM):
        discarded = draft_of(cast, now)
        with pytest.raises(ValidationError), transaction.atomic():
            draft_of(cast, now)
        discard_draft(discarded, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
        draft = draft_of(cast, now)
        draft.text_en = "Better words."
        save_draft(draft, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
        version = announce_draft(draft, actor=cast.actor("amina"), reason=Reason.LAW_CHANGE, at=now)
        assert (version.text_en, version.notice_days, version.effective_at) == ("Better words.", 30, now + 30 * DAY)
        draft.refresh_from_db()
        assert (draft.closed_at, draft.version) == (now, version.pk)
        draft.text_en = "Words that nobody was told."
        with pytest.raises(Refused):
            save_draft(draft, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
        with pytest.raises(Refused):
            announce_draft(draft, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
        entry = Entry.objects.get(kind="notice.announced")
        assert json.loads(entry.body)["facts"]["notice_days"] == 30


def test_another_person_announces_a_minor_change(cast, now):
    announce(cast, now, code="privacy_notice", effective_at=now + 30 * DAY)
    gul = second_officer()
    with in_client(PAKTALEEM):
        draft = draft_of(cast, now, is_material=False)
        said = {"effective_at": now + 31 * DAY, "reason": Reason.REVIEW, "at": now}
        assert not announce_draft(draft, actor=gul, **said).is_material
    refused_to("bilal sana farah", lambda name: announce(cast, now, code="privacy_notice", actor=name))


def test_a_notice_to_children_is_said_for_them(cast, now):
    with in_client(PAKTALEEM):
        notice = Notice.objects.get(client_id=PAKTALEEM, code="privacy_notice")
        notice.addresses_children = True
        change_register(notice, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now)
        with refuses("child_text_en", "child_text_ur"):
            draft_of(cast, now)
        assert draft_of(cast, now, child_text_en="For you.", child_text_ur="آپ کے لیے۔").pk


# Announcing


def test_sooner_than_the_notice_days_is_refused(cast, now, settings):
    with refuses("effective_at"):
        announce(cast, now, code="privacy_notice", effective_at=now + 30 * DAY - TICK)
    settings.NOTICE_DAYS = 10
    assert announce(cast, now, code="privacy_notice", effective_at=now + 10 * DAY).notice_days == 10


def test_a_change_that_is_not_material_or_not_paktaleems_waits_for_no_one(cast, now):
    assert announce(cast, now, code="privacy_notice", is_material=False, effective_at=now).notice_days == 0
    with in_client(cast.client_id("indus")):
        own = Notice.objects.get(client_id=cast.client_id("indus"), code="about_newsletter")
        assert making.publish(own, now, actor=cast.actor("farah")).notice_days == 0


def test_it_takes_effect_only_where_the_announcement_is_proven(shared, now):
    version = announce(shared, now)
    prove(shared, "indus", version, now + SECOND)
    effect = version.effective_at
    before = decision(shared, "indus", effect - 10 * SECOND)
    assert (before.allowed, before.valid_until) == (True, effect), "good until the coming effect at most"
    assert decision(shared, "khyber", effect - 10 * SECOND).valid_until > effect
    assert reasons(shared, effect - TICK) == ["permitted", "permitted"]
    assert reasons(shared, effect) == ["consent_outdated", "permitted"]
    with in_client(shared.client_id("khyber")):
        [first] = notice_timeline(shared.client("khyber"), Notice.objects.get(pk=version.notice_id))
        assert first.state(effect) == "effective"
    with in_client(shared.client_id("indus")):
        states = [one.state(effect) for one in notice_timeline(shared.client("indus"), version.notice)]
        assert states == ["superseded", "effective"]
    later = effect + DAY
    assert decision(shared, "indus", effect - SECOND, now=later).allowed, "a past decision stays explained"
    assert str(decision(shared, "indus", effect, now=later).reason) == "consent_outdated"
    assert consent(shared, "indus", version.effective_at) == version
    assert decision(shared, "indus", version.effective_at + SECOND).allowed


def test_a_client_notified_late_has_its_full_notice_period(shared, now):
    version = announce(shared, now)
    late = version.effective_at + 5 * DAY
    assert prove(shared, "khyber", version, late).takes_effect_at == late + 30 * DAY
    assert str(decision(shared, "khyber", late + 30 * DAY - TICK).reason) == "permitted"
    assert str(decision(shared, "khyber", late + 30 * DAY).reason) == "consent_outdated"


def test_a_proof_raises_the_registers_version_once(shared, now):
    version = announce(shared, now)

    def number():
        return RegisterVersion.objects.get(client_id=shared.client_id("indus")).version

    with in_client(shared.client_id("indus")):
        before = number()
        open_dispatches(shared.client("indus"), actor=SETTING_UP, at=now)
        assert number() == before
        first = prove(shared, "indus", version, now + SECOND)
        assert number() == before + 1
        again = prove(shared, "indus", version, now + DAY)
        assert (number(), again.dispatched_at) == (before + 1, first.dispatched_at)
        kinds = Entry.objects.filter(client_id=shared.client_id("indus"), kind="notice.dispatched")
        assert kinds.count() == 1


def test_a_client_registered_after_the_announcement_is_notified_at_once(shared, now):
    version, late = announce(shared, now), new_id()
    with in_client(late):
        client = Client(id=late, code="latecomer", name="Latecomer", country="PK", time_zone="Asia/Karachi")
        change_client(client, actor=SETTING_UP, reason=Reason.ONBOARDING, at=now + DAY)
        [_, coming] = notice_timeline(client, Notice.objects.get(pk=version.notice_id))
        assert coming.effective_at == version.effective_at
        assert open_dispatches(client, actor=SETTING_UP, at=now + DAY) == []


def test_own_wording_keeps_the_shared_change_out(shared, now):
    with in_client(shared.client_id("indus")):
        notice = Notice(
            client_id=shared.client_id("indus"), code="our_words", title_en="Ours", title_ur="ہمارا", purposes=[PURPOSE]
        )
        change_register(notice, actor=shared.actor("farah"), reason=Reason.REVIEW, at=now)
        making.publish(notice, now, actor=shared.actor("farah"), is_material=False)
    version = announce(shared, now + SECOND)
    with in_client(shared.client_id("indus")):
        assert open_dispatches(shared.client("indus"), actor=SETTING_UP, at=now + SECOND) == []
    prove(shared, "khyber", version, now + SECOND)
    assert reasons(shared, version.effective_at) == ["permitted", "consent_outdated"]


# Defects of other products, absent here


def test_a_minor_change_leaves_the_text_that_was_accepted(shared, now):
    """Moodle: a "minor change" overwrites text already accepted."""
    event = ConsentEvent.objects.filter(client_id=shared.client_id("indus"), purpose__code=PURPOSE)
    accepted = shared.get(NoticeVersion, pk__in=event.values("notice_version"))
    minor = announce(shared, now, is_material=False, effective_at=now, text_en="A comma, moved.")
    assert reasons(shared, now + SECOND) == ["permitted", "permitted"]
    with in_client(shared.client_id("indus")):
        kept = event.get()
        assert (kept.notice_version_id, kept.shown_hash) == (accepted.pk, accepted.content_hash)
        assert NoticeVersion.objects.get(pk=accepted.pk).text_en == accepted.text_en != minor.text_en


@pytest.mark.parametrize("change", ["text_en = 'x'", "announced_at = now()", "effective_at = now()"])
def test_the_database_refuses_to_change_what_was_announced(shared, now, change):
    version = announce(shared, now)
    with in_client(PAKTALEEM), pytest.raises(ProgrammingError, match="permission denied"):
        making.execute(f"UPDATE {NoticeVersion._meta.db_table} SET {change} WHERE id = %s", version.pk)


@pytest.mark.parametrize(
    "change",
    [
        "takes_effect_at = takes_effect_at + interval '1 day'",
        "dispatched_at = NULL, proven_at = NULL, takes_effect_at = NULL",
    ],
)
def test_the_database_refuses_to_change_a_proof(shared, now, change):
    row = prove(shared, "indus", announce(shared, now), now + SECOND)
    with in_client(shared.client_id("indus")), pytest.raises(IntegrityError, match="never changed"):
        making.execute(f"UPDATE {NoticeDispatch._meta.db_table} SET {change} WHERE id = %s", row.pk)


# Recorded by the worker


def test_the_worker_visits_only_clients_with_work_due(shared, now):
    clients = {shared.client_id(code) for code in ("indus", "khyber")} | {PAKTALEEM}
    with as_officer():
        assert set(list_clients_to_follow(at=now)) == clients
    for client_id in clients:
        with in_client(client_id):
            process_client(client_id, actor=SETTING_UP, at=now)
    with as_officer():
        assert list_clients_to_follow(at=now) == []
    version = announce(shared, now)
    with as_officer():
        assert set(list_clients_to_follow(at=now)) == clients - {PAKTALEEM}
    prove(shared, "indus", version, now + SECOND)
    with as_officer():
        assert list_clients_to_follow(at=now + SECOND) == [shared.client_id("khyber")]


def test_a_policy_of_its_own_goes_before_paktaleems(cast, now):
    with in_client(cast.client_id("indus")):
        indus = cast.client("indus")
        assert [one.version.client_id for one in policy_timeline(indus)] == [PAKTALEEM]
        make_consent_purpose(indus, "another", ["contact_details"])
        assert [one.version.client_id for one in policy_timeline(indus)] == [PAKTALEEM]


TOLD = {"text_en": "From now on we keep it longer.", "text_ur": "اب ہم اسے زیادہ دیر رکھیں گے۔"}


@pytest.fixture
def coming(cast: Cast):
    """Kiran has consented; the policy and the purpose's notice change in thirty days; Khyber is notified."""
    at = timezone.now()
    share_purpose(cast)
    consent(cast, "khyber", at - DAY)
    for code in (f"about_{PURPOSE}", "privacy_notice"):
        version = announce(cast, at, code=code, **TOLD)
        prove(cast, "khyber", version, at)
    return version


def said(cast: Cast) -> tuple[str | bool, ...]:
    """Return the state in the decision, the policy's two pages and the preference centre."""
    reason = Caller(cast.key("khyber")).reason("lms-kiran", PURPOSE)
    policy = [
        TOLD["text_en"] in words(Visitor().get(path, {"lang": "en"})) for path in ("/privacy/", "/privacy/khyber/")
    ]
    centre = words(by_link(cast, "khyber", "lms-kiran").get(PAGE, {"lang": "en"}))
    return reason, *policy, "The text has changed" in centre


def test_every_reader_follows_it_at_its_time_without_a_worker(cast, coming, time_machine):
    time_machine.move_to(coming.effective_at - 5 * SECOND, tick=False)
    assert said(cast) == ("permitted", False, False, False)
    time_machine.move_to(coming.effective_at, tick=False)
    assert said(cast) == ("consent_outdated", True, True, True)
    assert not cast.has(NoticeEffect, "khyber", version=coming)


def test_the_worker_writes_it_down_once_when_it_is_back(cast, coming, time_machine):
    late = coming.effective_at + 3 * DAY
    for moment in (late, late + DAY):
        time_machine.move_to(moment, tick=False)
        process_announcements()
    with in_client(cast.client_id("khyber")):
        effect = NoticeEffect.objects.get(client_id=cast.client_id("khyber"), version=coming)
        assert (effect.took_effect_at, effect.recorded_at) == (coming.effective_at, late)
        kept = [json.loads(one.body)["facts"] for one in Entry.objects.filter(kind="notice.took_effect")]
        assert [(one["notice"], one["number"]) for one in kept].count(("privacy_notice", coming.number)) == 1
