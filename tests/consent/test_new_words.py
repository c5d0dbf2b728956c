"""A purpose in other words needs a new version of its notice before a person can consent to it again."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.consents.models import ConsentState, Method
from consent.consents.services.recording import Answer, record_answers, withdraw_consent
from consent.notices.models import Notice
from consent.notices.selectors.notices import NoticeOutdated
from consent.notices.selectors.public import get_current_notice
from consent.notices.services.publishing import publish_notice_version
from consent.register.models.purposes import Purpose
from consent.register.services.safeguards import decide_safeguard_change, request_safeguard_change, widen_purpose
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from tests.showing import shown_version

DAY = timedelta(days=1)
NEW_NAME = "Profiling for partners"


def newsletter(client):
    return Purpose.objects.get(code="newsletter", client_id=client.pk)


def rename(cast, client, at):
    purpose = newsletter(client)
    purpose.name_en, purpose.name_ur, purpose.dpv_term = NEW_NAME, "پروفائلنگ", "dpv:TargetedAdvertising"
    change = request_safeguard_change(purpose, ground="More.", actor=cast.actor("celia"), at=at)
    decide_safeguard_change(change, approve=True, actor=cast.actor("amina"), at=at)


def announce(cast, client, at):
    texts = {"text_en": "New words.", "text_ur": "نئے الفاظ", "is_material": False, "effective_at": at}
    notice = Notice.objects.get(client_id=client.pk, purposes__contains=["newsletter"])
    return publish_notice_version(notice, actor=cast.actor("celia"), reason=Reason.REVIEW, at=at, **texts)


def give(cast, version, at, state=ConsentState.GIVEN, **how):
    proof = how or {"shown": shown_version(version, version.client_id, at)}
    [event] = record_answers(
        cast.subject("kiran"), answers=[Answer("newsletter", state)], actor=cast.actor("celia"), at=at, **proof
    )
    return event


@pytest.mark.parametrize("method", ["shown", "paper"])
def test_no_one_consents_to_a_purpose_under_a_notice_that_is_older_than_its_words(cast, khyber, now, method):
    version = get_current_notice("newsletter", client_id=khyber.pk, at=now)
    give(cast, version, now)
    rename(cast, khyber, now + DAY)
    at = now + 2 * DAY
    paper = {"method": Method.PAPER, "notice_version": version.pk, "evidence": "Box 3", "claimed_at": at}
    with pytest.raises(NoticeOutdated):
        give(cast, version, at, **(paper if method == "paper" else {}))
    with pytest.raises(NoticeOutdated):
        get_current_notice("newsletter", client_id=khyber.pk, at=at)


def test_refusing_and_withdrawing_need_no_new_notice(cast, khyber, now):
    version = get_current_notice("newsletter", client_id=khyber.pk, at=now)
    give(cast, version, now)
    rename(cast, khyber, now + DAY)
    withdraw_consent(cast.subject("kiran"), purpose="newsletter", actor=cast.actor("celia"), at=now + 2 * DAY)
    assert give(cast, version, now + 3 * DAY, ConsentState.REFUSED).state == "refused"


def test_a_version_that_is_announced_after_the_change_suffices(cast, khyber, now):
    give(cast, get_current_notice("newsletter", client_id=khyber.pk, at=now), now)
    rename(cast, khyber, now + DAY)
    version = announce(cast, khyber, now + 2 * DAY)
    assert get_current_notice("newsletter", client_id=khyber.pk, at=now + 2 * DAY) == version
    assert give(cast, version, now + 3 * DAY).state == "given"


def test_more_categories_change_no_words(cast, khyber, now):
    widen_purpose(newsletter(khyber), categories=["device"], actor=cast.actor("celia"), reason=Reason.REVIEW, at=now)
    version = get_current_notice("newsletter", client_id=khyber.pk, at=now + DAY)
    assert give(cast, version, now + DAY).state == "given"


@pytest.mark.parametrize("person", ["celia", "amina"])
def test_the_first_page_says_that_the_notice_needs_a_new_version(cast, sign_in, person):
    at = timezone.now()
    browser, page = sign_in(person), reverse("admin:index")
    assert "Notices to renew" not in browser.get(page).text
    with in_client(cast.client_id("khyber")):
        version = get_current_notice("newsletter", client_id=cast.client_id("khyber"), at=at)
        give(cast, version, at)
        rename(cast, cast.client("khyber"), at)
    listed = reverse("admin:consent_notice_changelist") + "?progress=to_renew"
    assert "Notices to renew" in browser.get(page).text
    assert [row.purposes for row in browser.get(listed).context["cl"].result_list] == [["newsletter"]]
    with in_client(cast.client_id("khyber")):
        announce(cast, cast.client("khyber"), timezone.now())
    assert "Notices to renew" not in browser.get(page).text


@pytest.mark.parametrize("page", ["overview", "timeline"])
def test_a_persons_page_names_a_withdrawn_consent_as_the_person_was_asked(cast, sign_in, page):
    at = timezone.now()
    with in_client(cast.client_id("khyber")):
        client = cast.client("khyber")
        version = get_current_notice("newsletter", client_id=client.pk, at=at - 2 * DAY)
        old_name = newsletter(client).name_en
        give(cast, version, at - 2 * DAY)
        rename(cast, client, at - DAY)
        withdraw_consent(cast.subject("kiran"), purpose="newsletter", actor=cast.actor("celia"), at=at - DAY / 2)
        person = cast.subject("kiran").pk
    url = reverse("admin:people_subject_change", args=[person])
    text = sign_in("celia").get(url, {"tab": page}).text
    table = text[text.index('id="panel-consents"' if page == "overview" else 'id="panel-events"') :]
    table = table[: table.index("</table>")]
    assert f">{old_name}<" in table
    assert re.search(f"Other words since .+: {NEW_NAME}", table)
