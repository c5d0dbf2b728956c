"""From the age of consent a person answers alone; a guardian may only take back what a guardian gave."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from children.guardians.models import Guardianship, ServiceAuthorisation
from consent.consents.models import ConsentEvent, ConsentState, GivenBy
from consent.consents.services.recording import Answer, record_answers
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.tenancy.context import in_client
from tests.children.browsers import by_contact
from tests.children.guardians import record_answer, verified_guardian
from tests.consent.making import shown
from tests.console.pages import row_url
from tests.factories import SETTING_UP, SubjectFactory

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
BY = {"kind": "guardian", "id": "lms-esra"}
ZARA = "/api/v1/subjects/lms-zara"
ALONE = "old enough to answer"


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def zara(cast, clock):
    """Zara, for whom Esra allowed the platform and the newsletter; she has become 13 since."""
    with in_client(cast.client_id("indus")):
        born = date(2013, 12, 8)
        known = {"external_id": "lms-zara", "full_name": "Zara", "birth_date": born}
        zara = SubjectFactory(client=cast.client("indus"), **known, at=AT)
        esra = cast.subject("esra")
        verified_guardian(zara, esra, at=AT)
        record_answer(zara, esra, "given", at=AT)
        given = {"given_by": GivenBy.GUARDIAN, "guardian": esra, "shown": shown(zara.client_id, AT)}
        record_answers(zara, answers=[Answer("newsletter", ConsentState.GIVEN)], **given, actor=SETTING_UP, at=AT)
    clock.move_to(AT + 10 * DAY, tick=False)
    return zara


def page_of(child, more=""):
    return f"/guardian/child/{child.pk}/{more}"


def counts(cast):
    with in_client(cast.client_id("indus")):
        return ConsentEvent.objects.count(), ServiceAuthorisation.objects.count()


def refused(response, field):
    problem = response.json()
    assert (response.status_code, problem["type"]) == (409, "urn:paktaleem:problem:not-a-child")
    assert [one["pointer"] for one in problem["errors"]] == [f"#/{field}"]


@pytest.mark.parametrize("state", ["given", "refused", "deferred", "requested"])
def test_the_api_records_no_answer_of_a_guardian_about_a_purpose(cast, indus_lms, zara, state):
    before = counts(cast)
    refused(indus_lms.consent("lms-zara", "newsletter", state, by=BY), "by")
    assert counts(cast) == before


@pytest.mark.parametrize("decision", ["given", "refused"])
def test_the_api_records_no_answer_of_a_guardian_about_the_service(cast, indus_lms, zara, decision):
    before = counts(cast)
    told = {"guardian": "lms-esra", "decision": decision, "evidence": "Form 27 in the office"}
    refused(indus_lms.post(f"{ZARA}/guardian-authorisations", told), "guardian")
    assert counts(cast) == before


def test_a_guardian_takes_back_what_a_guardian_gave(indus_lms, zara):
    told = {"guardian": "lms-esra", "decision": "withdrawn"}
    assert indus_lms.post(f"{ZARA}/guardian-authorisations", told).status_code == 201
    answer = indus_lms.post(f"{ZARA}/consents/newsletter/withdraw", {"by": BY})
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")


def test_a_guardian_does_not_take_back_what_the_person_gave(cast, indus_lms, zara):
    assert indus_lms.consent("lms-zara", "newsletter").status_code == 201
    refused(indus_lms.post(f"{ZARA}/consents/newsletter/withdraw", {"by": BY}), "by")
    assert indus_lms.reason("lms-zara", "newsletter") == "permitted"


def test_the_api_does_not_advise_to_register_a_guardian_of_an_adult(cast, indus_lms):
    with in_client(cast.client_id("indus")):
        SubjectFactory(client=cast.client("indus"), external_id="lms-grown", birth_date=date(2000, 1, 1), at=AT)
    assert indus_lms.consent("lms-grown", "newsletter").status_code == 201
    withdrawal = indus_lms.post("/api/v1/subjects/lms-grown/consents/newsletter/withdraw", {"by": BY})
    for answer in (withdrawal, indus_lms.consent("lms-grown", "newsletter", by=BY)):
        assert answer.json()["title"] == "A person of full age has no guardian"


def test_the_guardians_page_offers_no_answer_but_to_take_back(cast, zara):
    browser = by_contact()
    assert ALONE in browser.get("/guardian/").text
    page = browser.get(page_of(zara)).text
    assert ALONE in page
    assert not any(words in page for words in ("Read and decide", "Read again", "Recipients outside"))
    assert page.count("Take back<") == 2


@pytest.mark.parametrize("more", ["service/", "sharing/", "purpose/newsletter/"])
def test_a_guardian_is_shown_no_question(cast, zara, more):
    before, browser, url = counts(cast), by_contact(), page_of(zara, more)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(page_of(zara)).text)
    assert token
    said = [{"csrfmiddlewaretoken": token[1], "answer": word} for word in ("give", "refuse")]
    for response in (browser.get(url), *(browser.post(url, one) for one in said)):
        assert response.status_code == 302
        assert ALONE in browser.get(response.headers["Location"]).text
    assert counts(cast) == before


@pytest.mark.parametrize(
    ("child", "answer", "offered"),
    [
        ("lms-danish", None, ["given", "refused"]),
        ("lms-danish", "given", ["given", "refused", "withdrawn"]),
        ("lms-zara", None, ["withdrawn"]),
        ("lms-zara", "withdrawn", []),
    ],
)
@pytest.mark.usefixtures("zara")
def test_the_console_offers_only_answers_that_can_be_recorded(cast, sign_in, child, answer, offered):
    with in_client(cast.client_id("indus")):
        esra, person = cast.subject("esra"), Subject.objects.get(external_id=child)
        if child == "lms-danish":
            verified_guardian(person, esra, at=AT)
        if answer:
            record_answer(person, esra, answer, at=AT + DAY)
        row = Guardianship.objects.get(child=person, guardian=esra)
    browser, act = sign_in("farah"), row_url("guardians/guardianship", row.pk, "answer")
    assert (act in browser.get(row_url("guardians/guardianship", row.pk)).text) is bool(offered)
    page = browser.get(act, follow=True).text
    assert re.findall(r'name="decision" value="([a-z]+)"', page) == offered
