"""A version takes effect at its time without background work; the worker records it once, however late."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from consent.notices.models import NoticeEffect
from consent.tasks import process_announcements
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.access_links.visiting import by_link
from tests.api.callers import Caller
from tests.cast import Cast
from tests.consent.announcing import DAY, PURPOSE, SECOND, announce, consent, prove, share_purpose
from tests.consent.test_choices import PAGE, words

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
        TOLD["text_en"] in words(Client().get(path, {"lang": "en"})) for path in ("/privacy/", "/privacy/khyber/")
    ]
    centre = words(by_link(cast, "khyber", "lms-kiran").get(PAGE, {"lang": "en"}))
    return reason, *policy, "The text has changed" in centre


def test_every_reader_follows_it_at_its_time_without_a_worker(cast, coming, time_machine):
    time_machine.move_to(coming.effective_at - 5 * SECOND, tick=False)
    assert said(cast) == ("permitted", False, False, False)
    time_machine.move_to(coming.effective_at, tick=False)
    assert said(cast) == ("consent_outdated", True, True, True)
    with in_client(cast.client_id("khyber")):
        assert not NoticeEffect.objects.filter(version=coming).exists()


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
