"""Breaches in the console: the card, drafts, preview, and what an administrator sees; reminders by email."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from paktaleem.directory.mail.models import Channel, Letter
from paktaleem.directory.mail.rendering import render
from paktaleem.directory.schools.selectors import EVERYONE
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.changes import decide_proposed_change, find_waiting
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from retention.breaches import selectors
from retention.breaches.models import Breach, BreachAssessment, BreachLetter
from retention.breaches.services import (
    assess_breach,
    inform_batch,
    notify_authority,
    remind_of_breaches,
    request_closing,
    write_to_people,
)
from retention.holdings.services.holdings import CollectionReport, report_collection
from tests.accounts.officers import second_officer
from tests.breaches.making import assess, complete, make_breach
from tests.children.guardians import verified_guardian
from tests.console.pages import KARACHI, typed
from tests.factories import BORN, SubjectFactory
from tests.laws import law_abroad, move_abroad
from tests.mail.server import run_staff_emails
from tests.signing_in import browser_of

LIST = "/admin/breaches/breach/"


@pytest.fixture
def breach(cast):
    with in_client(cast.client_id("indus")):
        return make_breach(cast.client("indus"), actor=cast.actor("amina"), at=timezone.now())


@pytest.fixture
def amina(cast):
    return browser_of(cast.user("amina"))


def page_of(breach, act="change"):
    return f"{LIST}{breach.pk}/{act}/"


@pytest.mark.parametrize("name", ["amina", "farah"])
def test_the_first_page_shows_the_breaches_until_the_authority_is_notified(cast, breach, name):
    browser = browser_of(cast.user(name))
    assert "the authority must be notified" in browser.get("/admin/").text
    with in_client(cast.client_id("indus")):
        values: dict[str, Any] = {"authority": "BfDI", "text": "Text.", "language": "en"}
        notify_authority(breach, **values, actor=cast.actor("amina"), at=timezone.now())
    assert "the authority must be notified" not in browser.get("/admin/").text


@pytest.mark.parametrize(("minutes", "words"), [(30, "1 hour late"), (90, "2 hours late")])
def test_the_list_says_by_how_many_hours_the_notification_is_late(cast, amina, minutes, words):
    now = timezone.now()
    known = {"happened_from": now - timedelta(days=5), "known_at": now - timedelta(hours=72, minutes=minutes)}
    with in_client(cast.client_id("indus")):
        make_breach(cast.client("indus"), actor=cast.actor("amina"), at=now, **known)
    assert words in amina.get(LIST).text


def test_holdings_are_counted_until_the_breach_is_closed(cast, amina, breach):
    shown = "Whose data"
    page = amina.get(page_of(breach)).text
    assert shown in page
    assert "0 people" not in page
    gul, at, actor = second_officer(), timezone.now(), cast.actor("amina")
    with in_client(cast.client_id("indus")):
        closing = request_closing(complete(breach, actor=actor, at=at), ground="Done.", actor=actor, at=at)
        decide_proposed_change(closing, approve=True, actor=gul, at=at + timedelta(days=30))
    page = amina.get(page_of(breach)).text
    assert shown not in page
    assert "0 people on the frozen list" in page


def test_a_closing_names_the_breach_and_is_for_officers_only(cast, amina, breach):
    at, actor = timezone.now(), cast.actor("amina")
    with in_client(cast.client_id("indus")):
        closing = request_closing(complete(breach, actor=actor, at=at), ground="Done.", actor=actor, at=at)
    url = f"/admin/accounts/proposedchange/{closing.pk}/"
    assert f"Breach known since {breach.known_at.astimezone(KARACHI):%Y-%m-%d %H:%M}" in amina.get(f"{url}change/").text
    farah = browser_of(cast.user("farah"))
    assert "/decline/" in amina.get(f"{url}change/").text
    assert "/decline/" not in farah.get(f"{url}change/").text
    farah.post(f"{url}decline/", {"reason": "review"})
    with in_client(cast.client_id("indus")):
        assert find_waiting(breach).exists()
    assert ("A breach is closed" in amina.get("/admin/").text, "A breach is closed" in farah.get("/admin/").text) == (
        True,
        False,
    )


def test_a_breach_is_recorded_by_its_form(cast, amina):
    known = timezone.now() - timedelta(hours=2)
    sent = {
        "client": str(cast.client_id("indus")),
        **typed("happened_from", known),
        **typed("known_at", known),
        "reported_by": "staff",
        "what": "A list was sent to the wrong school.",
        "categories": ["contact_details"],
    }
    answer = amina.post(f"{LIST}add/", sent)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = cast.get(Breach)
    assert (made.categories, made.systems, made.due_at - made.known_at) == (
        ["contact_details"],
        [],
        timedelta(hours=72),
    )
    assert made.known_at == known.replace(microsecond=0)


def test_a_preview_and_a_new_draft_send_nothing(cast, amina, breach):
    url = page_of(breach, "write-client")
    draft = amina.get(url).context["form"].initial["text"]
    assert breach.what in draft
    preview = amina.post(url, {"language": "en", "text": "Edited words.", "preview": "1"})
    assert preview.context["preview"].text.strip().endswith("Edited words.")
    again = amina.post(url, {"language": "ur", "text": draft, "redraft": "1"})
    assert again["Location"].endswith("?language=ur")
    assert "خلاف ورزی" in amina.get(again["Location"]).context["form"].initial["text"]
    assert not cast.has(BreachLetter)
    assert not cast.has(Letter, kind="breach_letter")


def test_the_authorities_where_people_live_are_named(cast, amina, breach, tmp_path):
    with in_client(cast.client_id("indus")):
        move_abroad(cast.subject("iqra"))
        risk: dict[str, Any] = {"likelihood": "likely", "severity": "serious", "outcome": "people", "reasons": "Read."}
        assess_breach(breach, **risk, also=EVERYONE, actor=cast.actor("amina"), at=timezone.now())
    with law_abroad(tmp_path):
        assert "one notification each: Office of a test." in amina.get(page_of(breach, "notify-authority")).text


def test_the_notification_of_the_authority_can_be_printed(amina, breach):
    sent = {"authority": "BfDI", "language": "en", "text": "Notification."}
    page = amina.post(page_of(breach, "notify-authority"), sent)
    assert (page.status_code, page.context["heading"], page.context["text"]) == (200, "BfDI", "Notification.")
    assert "BfDI" in amina.get(page_of(breach)).text


def test_people_are_written_to_only_if_the_assessment_says_so(cast, amina, breach):
    assert "write-people" not in amina.get(page_of(breach)).text
    with in_client(cast.client_id("indus")):
        assess(breach, actor=cast.actor("amina"), at=timezone.now())
    assert "write-people" in amina.get(page_of(breach)).text
    sent = {"language": "en", "text": "A breach.", "text_ur": "خلاف ورزی"}
    assert amina.post(page_of(breach, "write-people"), sent).status_code == 302
    assert "write-people" not in amina.get(page_of(breach)).text


def hold_data(cast, *people):
    """Let the platform report data of people of Indus, from before the breach."""
    at = timezone.now()
    of: dict[str, Any] = {"category": "usage_logs", "occasion": "assessment", "purpose": "support"}
    collected = CollectionReport(collected_at=at - timedelta(days=9), **of)
    for person in people:
        report_collection(person, collected, actor=cast.key_actor("indus"), at=at)


def write_to_four(cast, breach):
    """Write to Danish, by his mother, and to Junaid; no email reaches Iqra, and a child without a guardian."""
    at, actor = timezone.now(), cast.actor("amina")
    with in_client(cast.client_id("indus")):
        lone = SubjectFactory(
            client=cast.client("indus"), external_id="lms-lone", birth_date=BORN["child"], email="lone@pupils.example"
        )
        hold_data(cast, *map(cast.subject, ("danish", "junaid", "iqra")), lone)
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=at)
        assess(breach, actor=actor, at=at)
        return write_to_people(breach, text="A breach.", text_ur="خلاف ورزی", actor=actor, at=at)


def test_the_page_says_how_far_a_letter_is_and_whom_no_email_reaches(cast, amina, breach, monkeypatch):
    letter = write_to_four(cast, breach)
    assert "0 of 4 done" in amina.get(page_of(breach)).text
    with in_client(cast.client_id("indus")):
        assert inform_batch(letter.pk, client_id=breach.client_id, actor=system_actor("tests"), at=timezone.now()) == 4
    page = amina.get(page_of(breach)).text
    assert "4 of 4 done, 2 of them not reached by email" in page
    panel = page.partition('id="breach-letters"')[2].partition("</section>")[0]
    words = "No email reaches these people: they have no address, or are children without a guardian who has one."
    assert words in panel
    assert "Inform them in another way." in panel
    assert sorted(re.findall(r"/admin/people/subject/[^>]*>(lms-\w+)<", panel)) == ["lms-iqra", "lms-lone"]
    assert "Only the first" not in panel
    monkeypatch.setattr(selectors, "_NAMED", 1)
    assert "Only the first 1 are shown." in amina.get(page_of(breach)).text


def test_a_letter_that_reaches_everyone_names_no_one(cast, amina, breach):
    at, actor = timezone.now(), cast.actor("amina")
    with in_client(cast.client_id("indus")):
        hold_data(cast, cast.subject("danish"), cast.subject("junaid"))
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=at)
        assess(breach, actor=actor, at=at)
        letter = write_to_people(breach, text="A breach.", text_ur="خلاف ورزی", actor=actor, at=at)
        inform_batch(letter.pk, client_id=breach.client_id, actor=system_actor("tests"), at=at)
    page = amina.get(page_of(breach)).text
    assert "2 of 2 done" in page
    assert not any(words in page for words in ("not reached by email", "No email reaches"))


@pytest.mark.parametrize(("hours", "language", "words"), [("12", "en", "12 hours"), ("0", "en", "has passed")])
def test_officers_and_administrators_are_reminded_by_email(cast, breach, hours, language, words):
    at = breach.due_at - timedelta(hours=int(hours))
    with in_client(breach.client_id):
        assert remind_of_breaches(breach.client_id, actor=system_actor("tests"), at=at) == 1
    run_staff_emails()
    for client_id in (breach.client_id, PAKTALEEM):
        with in_client(client_id):
            found = Letter.objects.filter(kind="breach_reminder", related_id=breach.pk)
            assert {letter.language for letter in found} == {language}
    values = {"school": "Indus", "hours": hours, "due": "2026-12-01 08:00 UTC", "url": "https://x.example/"}
    text = render("breach_reminder", language=language, channel=Channel.MAIL, values=values).text
    assert words in text


def test_the_people_of_an_assessment_are_chosen_in_its_form(cast, breach, amina):
    page = amina.get(page_of(breach, "assess")).text
    assert "Everyone of the client is concerned" in page
    risk = {"likelihood": "likely", "severity": "serious", "outcome": "people", "reasons": "The log names them."}
    both = {"everyone": "on", "ids": "lms-hamza"}
    for wrong, words in ((both, "Choose people below, or everyone."), ({}, "state their number")):
        refused = amina.post(page_of(breach, "assess"), {**risk, **wrong})
        assert words in refused.text
    sent = amina.post(page_of(breach, "assess"), {**risk, "ids": "lms-hamza\nlms-danish"})
    assert sent.status_code == 302, sent.text
    assert cast.get(BreachAssessment).people == 2
    assert "2 people on the frozen list" in amina.get(page_of(breach)).text
