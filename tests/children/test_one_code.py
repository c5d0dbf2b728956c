"""A teacher who is also a parent has one identity and one code, for the own choices and for those about the child."""

from datetime import UTC, datetime

import pytest

from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services.batches import register_guardians
from paktaleem.foundation.tenancy.context import in_client
from tests.access_links.visiting import by_link, latest_code, send, visitor, work
from tests.children.browsers import by_contact
from tests.children.guardians import verified_guardian
from tests.factories import SETTING_UP

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
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
    work()
    assert send(browser, "/choices/code/", code=latest_code()).status_code == 302
    return browser


def text_of(browser, url):
    page = browser.get(url)
    return page.status_code, page.content.decode()


def looks_at_danish(cast, parent):
    with in_client(cast.client_id("indus")):
        return AccessRecord.objects.filter(subject_id=cast.subject_id("danish"), actor_id=parent).count()


def test_the_code_of_the_own_choices_opens_the_page_about_the_children_too(cast, parent):
    browser = by_own_code()
    status, page = text_of(browser, CHOICES)
    assert (status, CHILDREN in page, DANISH in page) == (200, True, False)
    assert browser.get("/guardian/").status_code == 403
    assert looks_at_danish(cast, parent) == 0
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
    browser = by_link(cast, "indus", "lms-junaid")
    assert CHILDREN in text_of(browser, CHOICES)[1]
    assert send(browser, CHILDREN, form_at=CHOICES).headers["Location"].startswith("/guardian/indus/")
    assert browser.get("/guardian/").status_code == 403


def test_a_person_without_children_is_offered_no_page_about_children(cast, parent):
    browser = by_own_code("hamza.lodhi@students.example")
    assert CHILDREN not in text_of(browser, CHOICES)[1]
    send(browser, CHILDREN, form_at=CHOICES)
    assert DANISH not in text_of(browser, "/guardian/")[1]
