"""The search box: what each role finds, where one hit leads, and what is recorded about it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from paktaleem.foundation.accounts.models import Client
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM, new_id
from rights.erasures.models import ErasureProposal
from rights.requests.models import RightsRequest
from tests.console.pages import list_url, refused_by_policy, row_url
from tests.console.test_people import looks, searches
from tests.factories import SubjectFactory
from tests.signing_in import browser_of

SEARCH = "/admin/search/"
BY_ID = {"by": "lms_id"}


def target(browser, text, **given):
    answer = browser.post(SEARCH, {"text": text, **given})
    return str(answer.headers.get("Location", ""))


def page_of(browser, text, **given):
    answer = browser.post(SEARCH, {"text": text, **given})
    assert answer.status_code == 200, answer.headers["Location"]
    page: str = answer.content.decode()
    assert refused_by_policy(page) == []
    return page


def test_an_id_a_number_or_a_code_leads_straight_to_its_row(rows, cast_of_rows):
    cast = cast_of_rows
    browsers = {name: browser_of(cast.user(name)) for name in ("amina", "farah", "sana", "celia")}
    with in_client(cast.client_id("indus")):
        numbers = {
            "requests/rightsrequest": RightsRequest.objects.get(pk=rows["requests/rightsrequest"]).number.lower(),
            "erasures/erasureproposal": ErasureProposal.objects.get(pk=rows["erasures/erasureproposal"]).number,
        }
    by_id = ("people/subject", "data_systems/order", "consent/consentevent", "audit/entry", "requests/rightsrequest")
    wanted = [(model, str(rows[model])) for model in by_id] + list(numbers.items())
    for model, text in wanted:
        url = row_url(model, rows[model])
        assert [target(browsers[name], text) for name in ("amina", "farah")] == [url, url], model
        assert target(browsers["celia"], text) == "", model
    assert target(browsers["sana"], str(rows["data_systems/order"])) == ""
    assert target(browsers["farah"], "lms-danish") == row_url("people/subject", cast.subject_id("danish"))
    assert target(browsers["amina"], "platform_improvement").startswith("/admin/consent/purpose/")
    assert target(browsers["amina"], "khyber") == row_url("accounts/client", cast.client_id("khyber"))
    assert target(browsers["farah"], "khyber") == ""


def test_several_hits_are_shown_by_kind_a_few_of_each(sign_in, cast):
    with in_client(cast.client_id("indus")):
        indus = Client.objects.get(pk=cast.client_id("indus"))
        for number in range(8):
            SubjectFactory(client=indus, external_id=f"pupil-{number}")
    page = page_of(sign_in("farah"), "pupil")
    assert "<h2>People by LMS id</h2>" in page
    assert [f"pupil-{number}" in page for number in range(8)] == [True] * 5 + [False] * 3
    assert target(sign_in("farah"), "pupil-7").startswith("/admin/people/subject/")
    assert "pupil-" not in page_of(sign_in("celia"), "pupil")


def test_people_are_searched_by_name_with_a_reason_and_recorded(sign_in, cast):
    farah, esra = sign_in("farah"), row_url("people/subject", cast.subject_id("esra"))
    page = page_of(farah, "Esra Qureshi")
    assert "fill in the form below" in page
    assert searches(cast) == [(cast.user_id("farah"), BY_ID)]
    assert looks(cast) == []
    assert target(farah, "Esra Qureshi", reason="support_case") == esra
    by_name = {"by": "name_or_contact", "reason": "support_case", "found": 1}
    assert [facts for _, facts in searches(cast)] == [BY_ID, BY_ID, by_name]
    assert looks(cast) == [(cast.user_id("farah"), "support_case", "search", cast.subject_id("esra"))]
    assert target(farah, "esra.qureshi@mail.example") == esra  # the reason is requested once per session
    assert "Nothing has this id" in page_of(farah, "Quaintrelle")
    assert [facts.get("found") for _, facts in searches(cast)][-3:] == [1, None, 0]
    celia = sign_in("celia")
    assert "Nothing has this id" in page_of(celia, "Esra Qureshi", reason="support_case")
    assert target(celia, "lms-esra") == ""


def test_an_officer_searches_people_by_name_in_one_client(sign_in, cast):
    amina, indus = sign_in("amina"), str(cast.client_id("indus"))
    assert "fill in the form below" in page_of(amina, "Esra Qureshi", reason="incident")
    assert looks(cast) == []
    found = target(amina, "Esra Qureshi", reason="incident", client=indus)
    assert found == row_url("people/subject", cast.subject_id("esra"))
    assert [facts.get("reason") for _, facts in searches(cast)] == ["incident"]
    with in_client(PAKTALEEM):
        assert len(searches(cast, "paktaleem")) == 2
    assert searches(cast, "khyber") == []


@pytest.mark.parametrize("name", ["amina", "farah", "bilal"])
def test_the_box_is_on_every_page_and_takes_a_fixed_number_of_queries(name, sign_in, cast, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    browser = sign_in(name)
    for url in ("/admin/", list_url("people/subject"), row_url("people/subject", cast.subject_id("esra")), SEARCH):
        assert 'action="/admin/search/"' in browser.get(url).content.decode(), url
    counts = []
    for number in (1, 6):
        with in_client(cast.client_id("indus")):
            for _ in range(number):
                SubjectFactory(client=Client.objects.get(pk=cast.client_id("indus")), external_id=f"new-{new_id()}")
        with CaptureQueriesContext(connection) as taken:
            page_of(browser, "new-")
        counts.append(len(taken))
    assert counts[0] == counts[1] <= 35


def test_an_lms_id_in_another_case_and_a_name_in_another_spelling_are_found(cast):
    farah = browser_of(cast.user("farah"))
    for text in ("LMS-HAMZA", "lms-hamza", "Lms-Hamza"):
        assert target(farah, text) == row_url("people/subject", cast.subject_id("hamza")), text
    with in_client(cast.client_id("indus")):
        mixed = {key: SubjectFactory(client=cast.client("indus"), external_id=key).pk for key in ("Stu-7", "Stu-Ali")}
    for text, key in (("stu-7", "Stu-7"), ("STU-7", "Stu-7"), ("stu-ali", "Stu-Ali"), ("Stu-Ali", "Stu-Ali")):
        assert target(farah, text) == row_url("people/subject", mixed[key]), text
    names = {"lms-ali": "علي كريم", "lms-zahra": "زہرا"}  # typed on an Arabic keyboard, and an Urdu one
    with in_client(cast.client_id("indus")):
        made = {
            key: SubjectFactory(client=cast.client("indus"), external_id=key, full_name=name).pk
            for key, name in names.items()
        }
    for text, key in (
        ("علی کریم", "lms-ali"),
        ("عَلی کریم", "lms-ali"),
        (names["lms-ali"], "lms-ali"),
        ("زهرا", "lms-zahra"),
    ):
        assert target(farah, text, reason="support_case") == row_url("people/subject", made[key]), text
