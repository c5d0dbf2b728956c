"""A teacher who is also a parent, through the API, the public pages and the console: one identity with two roles."""

import re
from datetime import UTC, datetime

import pytest

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.tenancy.context import in_client
from tests.access_links.visiting import latest_code, send, visitor, work
from tests.api.callers import Caller
from tests.api.test_subjects import rota, taken
from tests.children.guardians import verified_guardian
from tests.consent.test_choices import answer
from tests.console.pages import row_url
from tests.signing_in import browser_of

__all__ = ["rota"]  # fixtures

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
CONTACT, DANISH = "junaid.mirza@school.example", "Danish Qureshi"
PERSON, CHILD = "/api/v1/subjects/lms-junaid", "/api/v1/subjects/lms-danish"
CHOICES, CHILDREN, GUARDIAN = "/choices/", "/choices/children/", "/guardian/"


@pytest.fixture
def teacher_lms(cast, rota, time_machine):
    """Indus, where Junaid teaches and is the verified father of Danish; each role has a basis of its own."""
    time_machine.move_to(AT, tick=False)
    caller = Caller(cast.key("indus"))
    guardians = [{"external_id": "lms-junaid", "relationship": "parent"}]
    assert caller.put(CHILD, {"role": "student", "guardians": guardians}).status_code == 200
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("junaid"), at=AT)
    return caller


def by_code():
    browser = visitor()
    assert send(browser, "/choices/indus/", contact=CONTACT).status_code == 302
    work()
    assert send(browser, "/choices/code/", code=latest_code()).status_code == 302
    return browser


def opens_child(browser):
    """Go from the own choices to the children, and return whether Danish is among them."""
    if CHILDREN not in browser.get(CHOICES).text:
        return False
    send(browser, CHILDREN, form_at=CHOICES)
    return DANISH in browser.get(GUARDIAN).text


def test_one_identity_and_one_code_and_the_strictest_role_decides_and_is_named(teacher_lms, cast):
    assert teacher_lms.get(PERSON).json()["roles"] == ["instructor", "guardian"]
    assert taken(teacher_lms.ask("lms-junaid", "rota")) == (False, "consent_missing", "guardian", False)
    assert taken(teacher_lms.ask("lms-junaid", "rota", context={"role": "instructor"}))[:2] == (True, "permitted")
    browser = by_code()
    assert answer(browser, "give").status_code == 302
    assert taken(teacher_lms.ask("lms-junaid", "newsletter")) == (True, "permitted", "instructor", False)
    assert opens_child(browser)
    page = browser_of(cast.user("farah")).get(row_url("people/subject", cast.subject_id("junaid"), "change"))
    panel = page.text.split('id="panel-standing"')[1].partition("</section>")[0]
    rows = re.findall(r'<th scope="row">([^<]+)</th>\s*<td>(.*?)</td>', panel, re.DOTALL)
    shown = {purpose: " ".join(re.sub(r"<[^>]+>", " ", cell).split()) for purpose, cell in rows}
    assert (shown["Rota"], shown["Newsletter"]) == ("Denied Role: Guardian", "Allowed Role: Instructor")
    with in_client(cast.client_id("indus")):
        assert Subject.objects.filter(external_id="lms-junaid").count() == 1
