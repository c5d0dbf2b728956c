"""A guardian requests a check on their own page, if the school has enabled a provider; works without JavaScript."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from children.guardians.models import ProviderCheck, ServiceAuthorisation, Verification
from children.guardians.services.checks import BEGIN, declare_mechanism
from children.guardians.tasks import ask, begin
from children.invitations.services.inviting import invite_guardian
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.batches import register_guardians
from paktaleem.directory.webhooks.signing import new_secret
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.access_links.visiting import by_link as by_lms_link, latest_code, send, visitor, work as send_codes
from tests.children.browsers import PORTAL, answer, by_contact, by_link, child_page, latest_link, work as send_letters
from tests.children.guardians import decision_reason, verified_guardian
from tests.children.test_provider_checks import WithAddress, answer_by_file
from tests.factories import SETTING_UP
from tests.working import work

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
OFFERED = "Have your identity checked"


@pytest.fixture
def cast(cast, settings, tmp_path, time_machine):
    """Esra is invited about Danish and not verified; a provider is configured."""
    time_machine.move_to(AT, tick=False)
    settings.CHECK_FOLDER, settings.CHECK_KEY = str(tmp_path), new_secret()
    settings.CHECK_PROVIDERS = {"folder": f"{WithAddress.__module__}.{WithAddress.__name__}"}
    told = {"guardian": None, "portal": PORTAL, "actor": cast.actor("farah"), "at": AT}
    with in_client(cast.client_id("indus")):
        invite_guardian(cast.subject("danish"), **{**told, "guardian": cast.subject("esra")})
    send_letters()
    return cast


def enable(cast, provider="folder"):
    told = {"description": "Guardians are checked.", "reference": "SOP 5", "provider": provider}
    with in_client(cast.client_id("indus")):
        declare_mechanism(cast.client_id("indus"), kind="consent", **told, actor=SETTING_UP, at=AT)


def checks(cast):
    with in_client(cast.client_id("indus")):
        return list(ProviderCheck.objects.order_by("id"))


def page(browser, url, language="en"):
    return browser.get(url, {"lang": language}).text


def begun(cast, browser, method="payment_card"):
    url = child_page(cast, more="check/")
    assert send(browser, url, method=method).headers["Location"].partition("?")[0] == url
    work({BEGIN: begin})
    return checks(cast)[-1]


def test_an_unverified_guardian_passes_a_check_and_their_consent_counts_at_once(cast, settings):
    enable(cast)
    browser, url = by_link(latest_link()), child_page(cast, more="check/")
    answer(browser, child_page(cast, more="service/"), "give")
    assert decision_reason(cast, "lms-danish", AT) == "guardian_consent_required"
    assert OFFERED in page(browser, child_page(cast))
    asked = send(browser, url, method="payment_card")
    assert asked.headers["Location"].partition("?")[0] == url
    waiting = page(browser, url)
    assert all(words in waiting for words in ("We are contacting the provider", 'http-equiv="refresh"'))
    work({BEGIN: begin})
    started = page(browser, url)
    assert 'href="https://checks.example/go?t=secret" rel="noreferrer noopener"' in started
    [check] = checks(cast)
    answer_by_file(check, "passed", settings)
    ask(str(check.client_id), str(check.pk))
    assert "The check has verified your identity" in browser.get(url, {"lang": "en"}, follow=True).text
    assert "Say yes again" in page(browser, child_page(cast))
    assert answer(browser, child_page(cast, more="service/"), "give").headers["Location"].endswith("done=given")
    assert decision_reason(cast, "lms-danish", AT) == "permitted"
    assert OFFERED not in page(browser, child_page(cast))
    with in_client(cast.client_id("indus")):
        entry = Entry.objects.get(kind="guardian.check_requested")
        assert (entry.actor_kind, entry.actor_id) == ("subject", cast.subject_id("esra"))
        stands_on = ServiceAuthorisation.objects.get().verification
        assert stands_on is not None
        assert stands_on.method == "payment_card"


def test_it_is_offered_only_where_the_school_enabled_a_provider_that_is_set_up(cast, settings):
    browser, url = by_link(latest_link()), child_page(cast, more="check/")
    for is_gone in (False, True):
        if is_gone:
            enable(cast)
            settings.CHECK_PROVIDERS = {}
        assert OFFERED not in page(browser, child_page(cast))
        assert browser.get(url).headers["Location"].endswith("done=nothing")
        asked = send(browser, url, form_at=child_page(cast), method="payment_card")
        assert asked.headers["Location"].endswith("nothing")
    assert checks(cast) == []


def test_neither_looking_nor_an_unknown_method_starts_a_verification(cast):
    enable(cast)
    browser, url = by_link(latest_link()), child_page(cast, more="check/")
    for _ in range(20):
        assert browser.get(url).status_code == browser.head(url).status_code == 200
    assert "Please correct the following" in send(browser, f"{url}?lang=en", method="in_person").text
    assert (browser.post(url, {"method": "payment_card"}).status_code, checks(cast)) == (403, [])


def test_pages_are_small_and_hold_no_script_in_both_languages(cast):
    enable(cast)
    browser, url = by_link(latest_link()), child_page(cast, more="check/")
    for turn in range(3):
        for language in ("en", "ur"):
            shown = browser.get(url, {"lang": language})
            text = shown.text
            assert len(shown.content) < 100_000
            assert "<script" not in text
            assert f'lang="{language}" dir="{"rtl" if language == "ur" else "ltr"}"' in text
        if turn == 0:
            send(browser, url, method="payment_card")
        else:
            work({BEGIN: begin})


def test_a_failed_check_can_be_repeated_a_few_times_a_day(cast, settings):
    enable(cast)
    browser, url = by_link(latest_link()), child_page(cast, more="check/")
    for _ in range(3):
        check = begun(cast, browser)
        send(browser, url, form_at=child_page(cast), method="payment_card")
        assert checks(cast)[-1].pk == check.pk, "one under way is not begun again"
        answer_by_file(check, "failed", settings)
        ask(str(check.client_id), str(check.pk))
        assert "could not confirm your identity" in page(browser, url)
    assert send(browser, url, method="payment_card").headers["Location"].endswith("done=often")
    assert len(checks(cast)) == 3
    assert not cast.has(Verification)


def test_a_guardian_is_not_sent_to_an_address_that_is_none(cast, monkeypatch):
    enable(cast)
    browser = by_link(latest_link())
    started, check = WithAddress.start, None
    for url in ("javascript:alert(1)", "http://checks.example/", "https://" + "a" * 2000):
        monkeypatch.setattr(WithAddress, "start", lambda self, url=url, **told: replace(started(self, **told), url=url))
        check = begun(cast, browser) if check is None else check
        begin(str(check.client_id), str(check.pk))
        assert checks(cast)[-1].state == "requested"
    assert not re.search("javascript|http://checks", page(browser, child_page(cast, more="check/")))


def test_a_school_enables_only_what_is_set_up_and_only_for_consent(cast):
    for kind, provider in (("consent", "nobody"), ("age", "folder")):
        told = {"kind": kind, "description": "D", "reference": "R", "provider": provider}
        with in_client(cast.client_id("indus")), pytest.raises(ValidationError, match="No provider"):
            declare_mechanism(cast.client_id("indus"), **told, actor=SETTING_UP, at=AT)


JUNAID = "junaid.mirza@school.example"
CHOICES, CHILDREN, OWN = "/choices/", "/choices/children/", "/guardian/own/"
DANISH = "Danish Qureshi"


@pytest.fixture
def parent(cast, time_machine):
    """Make Junaid, a teacher, a parent of Danish whose authority is verified."""
    time_machine.move_to(AT, tick=False)
    with in_client(cast.client_id("indus")):
        named = [{"external_id": "lms-junaid", "relationship": "parent"}]
        register_guardians(cast.subject("danish"), named, client=cast.client("indus"), actor=SETTING_UP, at=AT)
        verified_guardian(cast.subject("danish"), cast.subject("junaid"), at=AT)
    return cast.subject_id("junaid")


def by_own_code(contact=JUNAID):
    browser = visitor()
    assert send(browser, "/choices/indus/", contact=contact).status_code == 302
    send_codes()
    assert send(browser, "/choices/code/", code=latest_code()).status_code == 302
    return browser


def text_of(browser, url):
    page = browser.get(url)
    return page.status_code, page.text


def looks_at_danish(cast, parent):
    with in_client(cast.client_id("indus")):
        return AccessRecord.objects.filter(subject_id=cast.subject_id("danish"), actor_id=parent).count()


def test_the_code_of_the_own_choices_opens_the_page_about_the_children_too(cast, parent):
    browser = by_own_code()
    status, page = text_of(browser, CHOICES)
    assert (status, CHILDREN in page, DANISH in page) == (200, True, False)
    assert (browser.get("/guardian/").status_code, looks_at_danish(cast, parent)) == (403, 0)
    assert send(browser, CHILDREN, form_at=CHOICES).headers["Location"].startswith("/guardian/")
    status, page = text_of(browser, "/guardian/")
    assert (status, DANISH in page) == (200, True)
    assert looks_at_danish(cast, parent) == 1
    # Leaving one page ends both sessions.
    send(browser, "/guardian/leave/", form_at="/guardian/")
    assert [browser.get(url).status_code for url in (CHOICES, "/guardian/")] == [403, 403]


def test_the_code_of_the_page_about_the_children_opens_the_own_choices_too(cast, parent):
    browser = by_contact(JUNAID)
    assert DANISH in text_of(browser, "/guardian/")[1]
    assert browser.get(CHOICES).status_code == 403
    assert send(browser, OWN, form_at="/guardian/").headers["Location"].startswith(CHOICES)
    status, page = text_of(browser, CHOICES)
    assert (status, "Newsletter" in page) == (200, True)


def test_a_link_of_the_learning_platform_does_not_open_the_page_about_the_children(cast, parent):
    browser = by_lms_link(cast, "indus", "lms-junaid")
    assert CHILDREN in text_of(browser, CHOICES)[1]
    assert send(browser, CHILDREN, form_at=CHOICES).headers["Location"].startswith("/guardian/indus/")
    assert browser.get("/guardian/").status_code == 403


def test_a_person_without_children_is_offered_no_page_about_children(cast, parent):
    browser = by_own_code("hamza.lodhi@students.example")
    assert CHILDREN not in text_of(browser, CHOICES)[1]
    send(browser, CHILDREN, form_at=CHOICES)
    assert DANISH not in text_of(browser, "/guardian/")[1]
