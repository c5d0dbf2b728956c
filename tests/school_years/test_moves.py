"""A pupil who moves: within a client nothing is lost; to another client nothing goes along by itself."""

from typing import Any

import pytest

from consent.consents.models import Consent
from paktaleem.directory.people.models import Subject
from paktaleem.foundation.tenancy.context import in_client
from rights.requests.models import RightsRequest
from tests.api.callers import Caller
from tests.cast import Cast
from tests.console.conftest import SignIn
from tests.schools.making import periods

BATCH = "/api/v1/enrolments/batch"


@pytest.fixture
def indus(cast: Cast) -> Caller:
    """Indus with two schools, a class in each, and Hamza in the first with a consent."""
    caller = Caller(cast.key("indus"))
    for school, name in (("lyari", "4a"), ("clifton", "9c")):
        assert caller.put(f"/api/v1/schools/{school}", {"name": school.title()}).status_code == 201
        assert caller.put(f"/api/v1/classes/{name}", {"title": name, "school": school}).status_code == 201
    assert send(caller, **{"class": "4a", "id": "e1", "starts_on": "2026-08-03"}) == ["added"]
    return caller


def send(caller: Caller, **values: Any) -> list[str]:
    answer = caller.post(BATCH, {"enrolments": [{"subject": "lms-hamza", **values}]})
    return [one["result"] for one in answer.json()["enrolments"]]


def person_page(cast: Cast, act: str = "change") -> str:
    return f"/admin/subjects/subject/{cast.subject_id('hamza')}/{act}/"


def test_within_a_client_the_person_the_consents_and_the_history_stay(
    indus: Caller, cast: Cast, sign_in: SignIn
) -> None:
    assert indus.consent("lms-hamza", "newsletter").status_code == 201
    before = indus.reason("lms-hamza", "newsletter")
    assert send(indus, **{"class": "9c", "id": "e1", "starts_on": "2026-09-21"}) == ["added"]
    assert indus.reason("lms-hamza", "newsletter") == before == "permitted"
    with in_client(cast.client_id("indus")):
        assert periods("lms-hamza") == [("4a", "2026-08-03", "2026-09-21"), ("9c", "2026-09-21", None)]
        assert Subject.objects.filter(external_id="lms-hamza").count() == 1
        assert Consent.objects.get(subject__external_id="lms-hamza").state == "given"
    page = sign_in("farah").get(person_page(cast)).content.decode()
    assert "9c (Clifton)" in page
    assert page.index(">9c<") < page.index(">4a<")


def test_a_move_to_another_client_closes_the_account_and_leads_to_the_portability_request(
    indus: Caller, cast: Cast, sign_in: SignIn
) -> None:
    assert indus.consent("lms-hamza", "newsletter").status_code == 201
    farah = sign_in("farah")
    assert "PakTaleem copies nothing" in farah.get(person_page(cast, "moves-away")).content.decode()
    given = {"portability": "requested", "reason": "client_instruction"}
    answer = farah.post(person_page(cast, "moves-away"), given)
    assert (answer.status_code, answer["Location"]) == (302, person_page(cast, "rights-request") + "?kinds=portability")
    intake = farah.get(answer["Location"]).content.decode()
    [box] = [one for one in intake.split("<input")[1:] if 'value="portability"' in one]
    assert "checked" in box.partition(">")[0]
    assert indus.reason("lms-hamza", "newsletter") == "account_closed"
    with in_client(cast.client_id("indus")):
        assert periods("lms-hamza")[0][2] is not None
        assert not RightsRequest.objects.exists()
        assert cast.subject("hamza").history.latest("history_date").history_change_reason == "client_instruction"
    assert farah.get(person_page(cast, "moves-away"))["Location"] == person_page(cast)


def test_an_id_of_another_client_reveals_nothing_and_copies_nothing(indus: Caller, cast: Cast) -> None:
    khyber = Caller(cast.key("khyber"))
    assert indus.consent("lms-hamza", "newsletter").status_code == 201
    for known, unknown in (("lms-hamza", "lms-nothere"), (str(cast.subject_id("hamza")), "lms-nothere")):
        found, missing = (khyber.get(f"/api/v1/subjects/{one}") for one in (known, unknown))
        assert found.status_code == missing.status_code == 404
        assert set(found.json()) == set(missing.json())
        assert found.json()["type"] == missing.json()["type"]
        assert khyber.reason(known, "newsletter") == khyber.reason(unknown, "newsletter") == "subject_unknown"
    assert khyber.put("/api/v1/subjects/lms-hamza", {"role": "learner", "birth_date": "2000-01-05"}).status_code == 201
    assert khyber.reason("lms-hamza", "newsletter") == "consent_missing"
    with in_client(cast.client_id("khyber")):
        assert Subject.objects.get(external_id="lms-hamza").pk != cast.subject_id("hamza")
        assert not Consent.objects.exists()
    assert indus.reason("lms-hamza", "newsletter") == "permitted"
