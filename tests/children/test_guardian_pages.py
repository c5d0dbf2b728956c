"""The guardian's own pages: the complete flow, and no access for anyone but a guardian of this child."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connections

from children.guardians.models import Guardianship, ServiceAuthorisation, Verification
from children.guardians.selectors import load_child_facts
from children.guardians.services.answers import record_service_answer
from children.guardians.services.guardians import change_guardian, end_guardian
from children.guardians.services.verifications import verify_guardian
from children.invitations.models import Invitation
from children.invitations.selectors import ShownNotice, TokenForged, TokenStale, sign_token, verify_token
from children.invitations.services.answering import AnswerContext, record_service_consent, record_service_refusal
from children.invitations.services.inviting import invite_guardian
from consent.consents.models import Consent
from consent.register.models.purposes import Purpose
from consent.register.services import request_safeguard_change
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.accounts.changes import decide_proposed_change
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.requests.models import RightsRequest
from tests.access_links.visiting import latest_code, send, visitor
from tests.api.callers import Caller
from tests.children.browsers import (
    CODE,
    ESRA,
    PAGE,
    PORTAL,
    START,
    answer,
    by_contact,
    by_link,
    child_page,
    follow,
    latest_link,
    work,
)
from tests.children.guardians import approve_host, guardian_of, verified_guardian
from tests.consent.making import officer
from tests.factories import BORN, SETTING_UP, SubjectFactory

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def invited(cast):
    with in_client(cast.client_id("indus")):
        invite_guardian(
            cast.subject("danish"), guardian=cast.subject("esra"), portal=PORTAL, actor=cast.actor("farah"), at=AT
        )
    work()
    return cast


@pytest.fixture
def seen_at_school(invited):
    see_at_school(invited)
    return invited


def see_at_school(cast, child="danish"):
    with in_client(cast.client_id("indus")):
        row = Guardianship.objects.get(child_id=cast.subject_id(child))
        verify_guardian(row, method="in_person", evidence="Seen at the office", actor=SETTING_UP, at=AT)


def rows(cast, model):
    with in_client(cast.client_id("indus")):
        return list(model.objects.order_by("pk"))


def read(browser, url, name):
    found = re.search(rf'name="{name}" value="([^"]+)"', browser.get(url).text)
    assert found
    return found[1]


def state(cast):
    [row] = rows(cast, Invitation)
    return row.state


def answers(cast):
    return [(one.decision, one.shares) for one in rows(cast, ServiceAuthorisation)]


def standing(cast, at=AT + timedelta(hours=1)):
    with in_client(cast.client_id("indus")):
        return load_child_facts(cast.subject("danish")).standing(at).state


def consents(cast):
    with in_client(cast.client_id("indus")):
        return dict(Consent.objects.values_list("purpose__code", "state"))


# It works


def test_a_guardian_whom_the_school_has_seen_decides_at_once(seen_at_school):
    cast = seen_at_school
    browser = by_link(latest_link())
    assert state(cast) == "viewed"
    page = browser.get(PAGE).text
    assert "Danish Qureshi" in page
    notice = browser.get(child_page(cast, more="service/")).text
    assert all(words in notice for words in ("asked separately", "If you never answer, they are deleted"))
    assert "checked" not in notice
    assert answer(browser, child_page(cast, more="service/"), "give").headers["Location"].endswith("done=given")
    assert (state(cast), answers(cast), standing(cast)) == ("given", [("given", None)], "given")


def test_another_confirms_a_second_time_and_only_then_it_counts(invited, clock, settings):
    cast = invited
    browser = by_link(latest_link())
    assert answer(browser, child_page(cast, more="service/"), "give").headers["Location"].endswith("done=waits")
    assert (state(cast), answers(cast)) == ("verifying", [])
    confirm = child_page(cast, more="confirm/")
    assert send(browser, confirm, form_at=child_page(cast), answer="confirm").headers["Location"].endswith("early")
    before, sent = AT + timedelta(minutes=settings.GUARDIAN_CONFIRM_MINUTES), len(mail.outbox)
    follow(cast, before - timedelta(seconds=1))
    assert len(mail.outbox) == sent
    clock.move_to(before, tick=False)
    follow(cast, before)
    letter = mail.outbox[-1]
    assert "Danish" not in letter.subject + str(letter.body)
    assert "واپس" in str(letter.body)  # how to withdraw, in her language
    assert send(browser, confirm, form_at=PAGE, answer="confirm").status_code in {302, 403}  # the old session
    assert answers(cast) == []
    again = by_link(latest_link())
    assert send(again, confirm, form_at=child_page(cast), answer="confirm").headers["Location"].endswith("confirmed")
    assert (state(cast), answers(cast)) == ("given", [("given", None)])
    [verification] = rows(cast, Verification)
    assert (verification.method, verification.strength) == ("email_plus", 1)
    page = again.get(child_page(cast)).text
    assert "on paper or in person" in page  # outside recipients require more
    assert again.get(child_page(cast, more="sharing/")).status_code == 302


def test_a_sign_in_before_the_confirmation_was_sent_confirms_nothing(invited, clock, settings):
    settings.GUARDIAN_CONFIRM_MINUTES = 5  # the session is still open then
    cast, browser = invited, by_link(latest_link())
    answer(browser, child_page(cast, more="service/"), "give")
    late = AT + timedelta(minutes=5)
    clock.move_to(late, tick=False)
    follow(cast, late)
    posted = send(browser, child_page(cast, more="confirm/"), form_at=child_page(cast), answer="confirm")
    assert posted.headers["Location"].endswith("done=early")
    assert (state(cast), answers(cast), rows(cast, Verification)) == ("verifying", [], [])


def test_a_text_changed_since_a_consent_is_shown_again_before_it_is_confirmed(invited, clock, settings):
    cast = invited
    confirm, service = child_page(cast, more="confirm/"), child_page(cast, more="service/")
    answer(by_link(latest_link()), service, "give")
    late = AT + timedelta(minutes=settings.GUARDIAN_CONFIRM_MINUTES)
    clock.move_to(late, tick=False)
    follow(cast, late)
    browser = by_link(latest_link())
    token = read(browser, child_page(cast), "csrfmiddlewaretoken")
    with in_client(PAKTALEEM):
        purpose = Purpose.objects.get(code="service_delivery")
        purpose.description_en = "Lessons, and now also a leaderboard."
        change = request_safeguard_change(purpose, ground="Clearer words.", actor=officer(), at=late)
        decide_proposed_change(change, approve=True, actor=officer(), at=late)
    posted = browser.post(confirm, {"csrfmiddlewaretoken": token, "answer": "confirm"})
    assert posted.headers["Location"].endswith("done=changed")
    assert (state(cast), answers(cast), rows(cast, Verification)) == ("verifying", [], [])
    assert "I confirm my yes" not in browser.get(child_page(cast)).text
    assert answer(browser, service, "give").headers["Location"].endswith("done=waits")
    later = late + timedelta(minutes=settings.GUARDIAN_CONFIRM_MINUTES)
    clock.move_to(later, tick=False)
    follow(cast, later)
    again = by_link(latest_link())
    assert "leaderboard" in again.get(service).text
    assert send(again, confirm, form_at=child_page(cast), answer="confirm").headers["Location"].endswith("confirmed")
    with in_client(cast.client_id("indus")):
        entries = Entry.objects.filter(kind__in=["guardian.said_yes", "guardian.given"]).order_by("pk")
        said, anew, given = [json.loads(one.body)["facts"]["shown_hash"] for one in entries]
    assert said != anew == given


def by_text(folder):
    """A browser signed in by the latest text message with a link, and the code sent afterwards by text."""
    texts = [file.read_text() for file in sorted(folder.iterdir())]
    *_, path = re.findall(r"https://[\w.]+(/g/\S+)", "\n".join(texts))
    browser = visitor()
    assert send(browser, path).status_code == 302
    before = set(folder.iterdir())
    work()
    [code] = set(folder.iterdir()) - before
    found = re.search(r"\b(\d{8})\b", code.read_text().partition("\n")[2])
    assert found
    assert send(browser, CODE, code=found[1]).status_code == 302
    return browser


def test_a_guardian_without_mail_does_the_same_by_text_message(cast, clock, settings, tmp_path):
    settings.MAIL_FOLDER, settings.TEXT_PROVIDER = (str(tmp_path), "paktaleem.directory.mail.delivery.FolderProvider")
    with in_client(cast.client_id("indus")):
        told = {"client": cast.client("indus"), "external_id": "lms-ward"}
        ward = SubjectFactory(**told, full_name="Zara Khan", birth_date=BORN["child"])
        told["external_id"] = "lms-father"
        father = SubjectFactory(**told, role="guardian", phone="03337654321")
        guardian_of(ward, father, at=AT)
        invite_guardian(ward, guardian=father, portal=PORTAL, actor=cast.actor("farah"), at=AT)
    work()
    url = f"/guardian/child/{ward.pk}/"
    answer(by_text(tmp_path), url + "service/", "give")
    late = AT + timedelta(minutes=settings.GUARDIAN_CONFIRM_MINUTES)
    clock.move_to(late, tick=False)
    follow(cast, late)
    browser = by_text(tmp_path)
    assert send(browser, url + "confirm/", form_at=url, answer="confirm").headers["Location"].endswith("confirmed")
    [verification] = rows(cast, Verification)
    assert (verification.method, verification.strength) == ("text_plus", 1)
    assert mail.outbox == []
    assert all("Zara" not in file.read_text() for file in tmp_path.iterdir())


def test_a_refusal_recorded_at_school_since_leaves_nothing_to_confirm(invited, clock, settings):
    cast = invited
    waits = answer(by_link(latest_link()), child_page(cast, more="service/"), "give")
    assert waits.headers["Location"].endswith("waits")
    later = AT + timedelta(minutes=settings.GUARDIAN_CONFIRM_MINUTES)
    clock.move_to(later, tick=False)
    follow(cast, later)
    again = by_link(latest_link())
    with in_client(cast.client_id("indus")):
        told = {"guardian": cast.subject("esra"), "decision": "refused", "route": "in_person"}
        record_service_answer(cast.subject("danish"), **told, actor=SETTING_UP, at=later)
    confirm = child_page(cast, more="confirm/")
    assert send(again, confirm, form_at=child_page(cast), answer="confirm").headers["Location"].endswith("early")
    assert answers(cast) == [("refused", None)]


def test_a_refusal_needs_no_confirmation_and_ends_the_reminders(invited):
    browser = by_link(latest_link())
    assert answer(browser, child_page(invited, more="service/"), "refuse").headers["Location"].endswith("refused")
    assert (state(invited), answers(invited)) == ("refused", [("refused", None)])


def test_later_decides_nothing(invited):
    browser = by_link(latest_link())
    answer(browser, child_page(invited, more="service/"), "")
    assert (state(invited), answers(invited)) == ("viewed", [])


def test_recipients_outside_are_a_switch_of_their_own(seen_at_school):
    cast, browser = seen_at_school, by_link(latest_link())
    assert browser.get(child_page(cast, more="sharing/")).status_code == 302  # the service comes first
    answer(browser, child_page(cast, more="service/"), "give")
    answer(browser, child_page(cast, more="sharing/"), "give")
    answer(browser, child_page(cast, more="sharing/"), "refuse")
    assert answers(cast) == [("given", None), ("given", True), ("given", False)]


def test_each_purpose_is_asked_and_withdrawn_separately(seen_at_school):
    cast, browser = seen_at_school, by_link(latest_link())
    url = child_page(cast, more="purpose/newsletter/")
    assert browser.get(url).status_code == 404  # the service comes first
    answer(browser, child_page(cast, more="service/"), "give")
    assert answer(browser, url, "give").headers["Location"].endswith("done=allowed")
    assert consents(cast) == {"newsletter": "given"}
    assert send(browser, url + "back/", form_at=child_page(cast)).headers["Location"].endswith("withdrawn")
    assert (consents(cast), answer(browser, url, "refuse").status_code) == ({"newsletter": "withdrawn"}, 302)


def test_taking_back_stops_at_once_and_asks_what_shall_happen_to_the_data(seen_at_school, clock):
    cast, browser = seen_at_school, by_link(latest_link())
    answer(browser, child_page(cast, more="service/"), "give")
    assert standing(cast) == "given"
    assert Caller(cast.key("indus")).ask("lms-danish", "service_delivery")["decision"] is True
    done = send(browser, child_page(cast, more="withdraw/"), form_at=child_page(cast))
    assert "/data/" in done.headers["Location"]
    assert standing(cast) == "withdrawn"
    clock.shift(timedelta(seconds=1))  # answers at one frozen time are separated by microseconds
    assert Caller(cast.key("indus")).reason("lms-danish", "service_delivery") == "guardian_consent_withdrawn"
    assert "What should happen" in browser.get(done.headers["Location"]).text
    kept = send(browser, child_page(cast, more="data/"), wish="keep")
    assert kept.headers["Location"].endswith("done=kept")


def test_under_one_code_each_sibling_is_answered_for_apart(seen_at_school):
    cast = seen_at_school
    with in_client(cast.client_id("indus")):
        named = {"full_name": "Sana Qureshi", "birth_date": BORN["child"]}
        sister = SubjectFactory(client=cast.client("indus"), external_id="lms-sister", **named)
        verified_guardian(sister, cast.subject("esra"), at=AT)
    codes = len(mail.outbox)
    browser = by_link(latest_link())
    assert len(mail.outbox) == codes + 1
    page = browser.get(PAGE).text
    assert ("Danish Qureshi" in page, "Sana Qureshi" in page) == (True, True)
    answer(browser, child_page(cast, more="service/"), "give")
    answer(browser, f"/guardian/child/{sister.pk}/service/", "refuse")
    said = {(one.child_id, one.decision) for one in rows(cast, ServiceAuthorisation)}
    assert said == {(cast.subject_id("danish"), "given"), (sister.pk, "refused")}


def test_a_siblings_guardian_is_no_guardian_of_this_child(seen_at_school):
    cast = seen_at_school
    with in_client(cast.client_id("indus")):
        sister = SubjectFactory(client=cast.client("indus"), external_id="lms-sister", birth_date=BORN["child"])
        father = SubjectFactory(
            client=cast.client("indus"), external_id="lms-father", role="guardian", email="father@mail.example"
        )
        verified_guardian(sister, father, at=AT)
    browser = by_contact("father@mail.example")
    assert browser.get(f"/guardian/child/{sister.pk}/").status_code == 200
    assert browser.get(child_page(cast)).status_code == 404
    assert browser.get(child_page(cast, more="data/")).status_code == 404


def test_an_older_text_of_a_purpose_is_refused_and_shown_anew(seen_at_school, clock):
    cast, browser = seen_at_school, by_link(latest_link())
    answer(browser, child_page(cast, more="service/"), "give")
    url = child_page(cast, more="purpose/newsletter/")
    old = read(browser, url, "shown")
    clock.shift(DAY + timedelta(seconds=1))
    again = by_contact()
    assert answer(again, url, "give", shown=old).status_code == 409
    other = child_page(cast, more="purpose/product_research/")
    fresh = read(again, other, "shown")
    assert answer(again, url, "give", shown=fresh).status_code == 409  # the text of another purpose
    assert consents(cast) == {}


def test_words_of_the_service_that_changed_meanwhile_are_refused(seen_at_school):
    cast, browser = seen_at_school, by_link(latest_link())
    url = child_page(cast, more="service/")
    old = read(browser, url, "shown")
    approve(cast, "service_delivery")
    assert (answer(browser, url, "give", shown=old).status_code, answers(cast)) == (409, [])


def test_pages_are_small_send_no_referrer_and_have_no_script(seen_at_school):
    browser = by_link(latest_link())
    answer(browser, child_page(seen_at_school, more="service/"), "give")
    below = ("", "service/", "sharing/", "data/", "purpose/newsletter/")
    for url in (latest_link(), START, CODE, PAGE, *(child_page(seen_at_school, more=one) for one in below)):
        for language in ("en", "ur"):
            page = browser.get(url, {"lang": language})
            assert page.status_code == (403 if url == CODE else 200), url
            assert len(page.content) < 100_000
            assert b"<script" not in page.content
            assert not re.search(rb'(?:src|href)="(?:https?:)?//', page.content)
            assert page.headers["Referrer-Policy"] in {"no-referrer", "strict-origin"}
            assert "no-store" in page.headers["Cache-Control"]


def test_the_page_shows_an_answer_recorded_at_school_since(invited, clock):
    cast = invited
    browser = by_link(latest_link())
    answer(browser, child_page(cast, more="service/"), "give")
    assert "waits for your second confirmation" in browser.get(child_page(cast), {"lang": "en"}).text
    see_at_school(cast)
    clock.shift(timedelta(minutes=1))
    later = AT + timedelta(minutes=1)
    with in_client(cast.client_id("indus")):
        told = {"guardian": cast.subject("esra"), "decision": "given", "route": "in_person", "evidence": "Seen by me"}
        record_service_answer(cast.subject("danish"), **told, actor=SETTING_UP, at=later)
    assert "You said yes." in browser.get(child_page(cast), {"lang": "en"}).text
    send(browser, child_page(cast, more="withdraw/"), form_at=child_page(cast))
    page = browser.get(child_page(cast), {"lang": "en"}).text
    assert "You took back your yes." in page
    assert "waits for your second confirmation" not in page


# Verification too weak


def two_letters(cast, clock):
    """Esra, who has consented and confirmed by a second message, which is her only verification."""
    answer(by_link(latest_link()), child_page(cast, more="service/"), "give")
    late = AT + DAY
    clock.move_to(late, tick=False)
    follow(cast, late)
    browser = by_link(latest_link())
    send(browser, child_page(cast, more="confirm/"), form_at=child_page(cast), answer="confirm")
    return browser


def approve(cast, purpose):
    with in_client(cast.client_id("indus")):
        approve_host(cast.client_id("indus"), purpose)


def test_the_page_says_beforehand_which_purposes_need_a_stronger_proof_and_how_to_get_it(invited, clock):
    cast = invited
    approve(cast, "newsletter")
    browser = two_letters(cast, clock)
    page = browser.get(child_page(cast), {"lang": "en"}).text
    assert "A yes counts only after the school has checked your identity" in page
    asked = browser.get(child_page(cast, more="purpose/newsletter/"), {"lang": "en"}).text
    assert "hand in its signed form" in asked
    assert 'value="give"' not in asked
    assert 'value="refuse"' in asked
    other = browser.get(child_page(cast, more="purpose/product_research/"), {"lang": "en"}).text
    assert 'value="give"' in other
    assert "hand in its signed form" not in other


def test_a_consent_that_would_not_count_is_refused_and_a_refusal_is_recorded(invited, clock):
    cast = invited
    browser, url = two_letters(cast, clock), child_page(cast, more="purpose/newsletter/")
    shown = read(browser, url, "shown")
    approve(cast, "newsletter")
    assert answer(browser, url, "give", shown=shown).headers["Location"].endswith("done=weak")
    assert consents(cast) == {}
    assert answer(browser, url, "refuse").headers["Location"].endswith("done=not_allowed")
    assert consents(cast) == {"newsletter": "refused"}


def test_before_the_first_consent_the_service_page_names_what_it_will_not_cover(invited):
    cast = invited
    approve(cast, "service_delivery")
    url = child_page(cast, more="service/")
    page = by_link(latest_link()).get(url, {"lang": "en"}).text
    assert "Two confirmations by message are not enough" in page
    see_at_school(cast)
    page = by_contact().get(url, {"lang": "en"}).text
    assert "Two confirmations by message are not enough" not in page


def test_a_guardian_whom_the_school_named_itself_decides_about_each_purpose(cast):
    with in_client(cast.client_id("indus")):
        uncle = SubjectFactory(
            client=cast.client("indus"), external_id="lms-uncle", role="guardian", email="uncle@mail.example"
        )
        verified_guardian(cast.subject("danish"), uncle, at=AT)
    browser = by_contact("uncle@mail.example")
    answer(browser, child_page(cast, more="service/"), "give")
    done = answer(browser, child_page(cast, more="purpose/newsletter/"), "give")
    assert done.headers["Location"].endswith("done=allowed")
    assert consents(cast) == {"newsletter": "given"}


def test_the_page_says_where_the_number_to_call_is_found_and_gives_none(invited):
    for page in (visitor().get(latest_link(), {"lang": "en"}), by_link(latest_link()).get(PAGE, {"lang": "en"})):
        text = page.text
        assert "school’s own papers" in text
        assert not re.search(r"tel:|\+92|\b0\d{9,}", text)


# No access for others


def test_the_link_opens_nothing_and_its_code_goes_to_the_contact_known_before(invited):
    thief = visitor()
    assert "Danish" not in thief.get(latest_link()).text
    send(thief, latest_link(), contact="thief@mail.example", email="thief@mail.example")
    work()
    assert (mail.outbox[-1].to, thief.get(PAGE).status_code) == ([ESRA], 403)


def test_a_hundred_looks_change_nothing(invited):
    path, browser = latest_link(), visitor()
    with in_client(invited.client_id("indus")):
        before = Entry.objects.count()
    for _ in range(50):
        assert (browser.get(path).status_code, browser.head(path).status_code) == (200, 200)
    with in_client(invited.client_id("indus")):
        assert Entry.objects.count() == before
    assert state(invited) == "notice_sent"
    inside = by_link(path)
    stood = [answers(invited), state(invited)]
    for url in ("", "service/", "confirm/", "withdraw/", "data/"):
        for _ in range(10):
            inside.get(child_page(invited, more=url))
            inside.head(child_page(invited, more=url))
    assert [answers(invited), state(invited)] == stood


def test_a_form_without_its_page_is_refused(seen_at_school):
    browser = by_link(latest_link())
    url = child_page(seen_at_school, more="service/")
    assert browser.post(url, {"answer": "give"}).status_code == 403
    token = read(browser, url, "csrfmiddlewaretoken")
    bare = browser.post(url, {"answer": "give", "csrfmiddlewaretoken": token})
    assert bare.status_code == 409  # not the text of the page
    assert answers(seen_at_school) == []


def test_a_child_who_enters_with_its_own_contact_sees_no_child(invited):
    cast = invited
    with in_client(cast.client_id("indus")):
        told = {"client": cast.client("indus"), "actor": SETTING_UP, "at": AT}
        register_subject("lms-danish", details={"email": "danish@mail.example"}, **told)
    browser = by_contact("danish@mail.example")
    assert "Danish Qureshi" not in browser.get(PAGE).text
    assert browser.get(child_page(cast)).status_code == 404


def test_a_guardian_whose_contact_became_that_of_the_child_is_sent_to_the_school(seen_at_school):
    cast, browser = seen_at_school, by_link(latest_link())
    with in_client(cast.client_id("indus")):
        told = {"client": cast.client("indus"), "actor": SETTING_UP, "at": AT}
        register_subject("lms-danish", details={"email": "Esra.Qureshi+school@mail.example"}, **told)
    page = browser.get(PAGE).text
    assert "Danish Qureshi" not in page
    assert "on paper or in person" in page
    assert browser.get(child_page(cast)).status_code == 404


def test_strangers_ex_guardians_and_other_clients_children_are_not_there(seen_at_school):
    cast, browser = seen_at_school, by_link(latest_link())
    with in_client(cast.client_id("indus")):
        sister = SubjectFactory(client=cast.client("indus"), external_id="lms-sister", birth_date=BORN["child"])
    for other in (sister.pk, cast.subject_id("hamza"), cast.subject_id("kiran"), cast.subject_id("esra")):
        assert browser.get(f"/guardian/child/{other}/").status_code == 404
        assert browser.get(f"/guardian/child/{other}/service/").status_code == 404
    url = child_page(cast, more="service/")
    token = read(browser, url, "csrfmiddlewaretoken")
    with in_client(cast.client_id("indus")):
        end_guardian(Guardianship.objects.get(), actor=SETTING_UP, at=AT)
    assert browser.get(url).status_code == 404
    assert browser.post(url, {"answer": "give", "csrfmiddlewaretoken": token}).status_code == 404
    assert answers(cast) == []


def test_words_about_another_child_or_question_and_yesterdays_words_are_refused(seen_at_school, clock):
    cast, browser = seen_at_school, by_link(latest_link())
    url = child_page(cast, more="service/")
    old = read(browser, url, "shown")
    assert answer(browser, url, "give", shown="forged").status_code == 409
    assert answer(browser, url, "give", shown=old[:-3] + "xxx").status_code == 409
    clock.shift(DAY)
    again = by_contact()
    assert (answer(again, url, "give", shown=old).status_code, answers(cast)) == (409, [])


def test_a_token_is_of_one_guardian_child_question_and_text(now):
    seen = ShownNotice(uuid4(), uuid4(), "service", "a" * 64, now)
    token, day = sign_token(seen), timedelta(days=1)
    verify_token(token, replace(seen, at=now + day - timedelta(seconds=1)), kept_for=day)
    for other in (replace(seen, guardian=uuid4()), replace(seen, child=uuid4()), replace(seen, about="sharing")):
        with pytest.raises(TokenForged):
            verify_token(token, other, kept_for=day)
    for old in (replace(seen, words="b" * 64), replace(seen, at=now + day), replace(seen, at=now - day)):
        with pytest.raises(TokenStale):
            verify_token(token, old, kept_for=day)


@pytest.mark.parametrize(("later", "status"), [(timedelta(seconds=599), 302), (timedelta(seconds=600), 422)])
def test_a_code_works_for_ten_minutes_to_the_second_and_once(invited, clock, later, status):
    browser = visitor()
    send(browser, START, contact=ESRA)
    work()
    code = latest_code()
    clock.shift(later)
    assert send(browser, CODE, code=code).status_code == status
    assert send(browser, CODE, code=code).status_code != 302


@pytest.mark.parametrize(("later", "status"), [(7 * DAY - timedelta(seconds=1), 200), (7 * DAY, 404)])
def test_a_link_leads_there_for_seven_days_to_the_second(invited, clock, later, status):
    path = latest_link()
    clock.shift(later)
    assert visitor().get(path).status_code == status


def test_a_consent_given_and_withdrawn_at_the_same_time_is_withdrawn(committed, time_machine):
    cast = committed
    with in_client(cast.client_id("indus")):
        danish, esra = cast.subject("danish"), cast.subject("esra")
        row = guardian_of(danish, esra, at=AT)
        verify_guardian(row, method="in_person", evidence="Seen at the office", actor=SETTING_UP, at=AT)
    shown_at = AT + timedelta(seconds=59)
    saying = AnswerContext(danish, esra, "mail", AT, shown_at, "", "en", PORTAL, AT + timedelta(minutes=1))

    def act(number):
        try:
            with in_client(cast.client_id("indus")):
                record_service_consent(saying) if number % 2 else record_service_refusal(saying)
        except TokenStale:
            return
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(act, range(12)))
    with in_client(cast.client_id("indus")):
        kept = list(ServiceAuthorisation.objects.order_by("recorded_at").values_list("decision", "recorded_at"))
        assert [decision for decision, _ in kept].count("refused") == 6
        assert len({moment for _, moment in kept}) == len(kept)
        assert load_child_facts(danish).standing(AT + timedelta(hours=1)).state == "refused"


# A child's data


def test_a_request_about_the_data_is_a_rights_request_with_a_clock(seen_at_school):
    cast, browser = seen_at_school, by_link(latest_link())
    url = child_page(cast, more="data/")
    assert send(browser, url).status_code == 422  # no option is preselected
    assert send(browser, url, wish="deletion", text="All of it.").headers["Location"].endswith("asked_deletion")
    [request] = rows(cast, RightsRequest)
    assert (request.guardian_right, request.identity_method) == ("erasure", "code")
    assert (request.subject_id, request.requester_id) == (cast.subject_id("danish"), cast.subject_id("esra"))
    assert request.due_at - request.received_at == 30 * DAY


def test_a_guardian_who_may_not_receive_data_is_offered_no_copy(seen_at_school):
    cast, browser = seen_at_school, by_link(latest_link())
    with in_client(cast.client_id("indus")):
        change_guardian(Guardianship.objects.get(), changes={"may_receive_data": False}, actor=SETTING_UP, at=AT)
    url = child_page(cast, more="data/")
    assert b'value="copy"' not in browser.get(url).content
    assert (send(browser, url, wish="copy").status_code, rows(cast, RightsRequest)) == (422, [])


def test_whose_names_were_shown_is_recorded_when_they_come_in(invited):
    by_link(latest_link())
    with in_client(invited.client_id("indus")):
        [look] = AccessRecord.objects.filter(subject_id=invited.subject_id("danish"))
        assert (look.actor_id, look.fields) == (invited.subject_id("esra"), "full_name")
