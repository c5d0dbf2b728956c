"""A day with a person whose every personal field is a marker: no marker reaches a log line."""

from contextlib import suppress

from django.test import Client
from django.utils import timezone

from paktaleem.directory.people.models import Subject
from paktaleem.foundation.operations.jobs import do_each
from paktaleem.foundation.operations.logs import FIELDS
from paktaleem.foundation.tenancy.context import in_client
from rights.mailbox.intake import take_mail
from tests.access_links.visiting import issue, path_of, send, visitor, work
from tests.logs.reading import logged, parse
from tests.signing_in import browser_of
from tests.traces import forms

PERSON = "canary-4711"
PERSONAL = {
    "full_name": "Zenobia Xylographer",
    "email": "zenobia.xylographer@canary.example",
    "phone": "+921110099887",
    "birth_date": "1990-08-29",
}
MARKERS = [PERSON, *PERSONAL.values(), "Quicksilver"]
MAIL = (
    b"From: Zenobia Xylographer <zenobia.xylographer@canary.example>\r\nTo: support@PakTaleem.com\r\n"
    b"Subject: Zenobia Xylographer\r\nMessage-ID: <zenobia.xylographer@canary.example>\r\n\r\nDelete Quicksilver.\r\n"
)


def use_the_api(cast):
    api = Client(headers={"Authorization": f"Bearer {cast.key('indus')}", "X-Request-ID": PERSON})
    address, kind = f"/api/v1/subjects/{PERSON}", "application/json"
    assert api.put(address, {"role": "student", **PERSONAL}, content_type=kind).status_code == 201
    assert api.put(address, {"role": "student", "full_name": "Quicksilver\x07"}, content_type=kind).status_code == 400
    assert api.get(f"{address}/Quicksilver").status_code == 404
    assert api.get(f"{address}?include=personal&reason=support_case").status_code == 200


def use_the_pages(cast):
    browser = visitor()
    link = path_of(issue(cast, "indus", PERSON).json()["url"])
    assert send(browser, link).status_code == 302
    assert send(visitor(), "/choices/indus/", contact=PERSONAL["email"]).status_code == 302
    assert visitor().get(f"/choices/link/{PERSONAL['email']}/").status_code == 404
    work()
    return link.split("/")[-2]


def use_the_console(cast):
    with in_client(cast.client_id("indus")):
        person = Subject.objects.get(external_id=PERSON)
    browser = browser_of(cast.user("farah"))
    assert browser.get(f"/admin/people/subject/{person.pk}/change/").status_code == 200
    assert browser.post("/admin/search/", {"text": PERSONAL["email"]}).status_code == 200
    assert browser.get(f"/admin/people/subject/{PERSONAL['email']}/change/").status_code in {302, 404}


def fail_at_work(_):
    raise ValueError(f"{PERSONAL['email']} is not valid")


def test_no_personal_data_of_a_day_reaches_the_log(cast):
    with logged() as output:
        use_the_api(cast)
        token = use_the_pages(cast)
        use_the_console(cast)
        take_mail(MAIL, received_at=timezone.now())
        with suppress(ExceptionGroup):
            do_each([PERSON], fail_at_work)
    lines, text = parse(output), output.getvalue().encode()
    assert [marker for marker in [*MARKERS, token] for form in forms(marker) if form in text] == []
    assert {name for line in lines for name in line} <= set(FIELDS)
    requests = [line for line in lines if line["event"] == "A request was answered"]
    of_api = next(line for line in requests if line.get("key_id"))
    assert of_api["route"] == "/api/v1/subjects/<str:external_id>"
    assert of_api["key_id"] == str(cast.key_id("indus"))
    assert of_api["client_id"] == str(cast.client_id("indus"))
    assert {line["status"] for line in requests} >= {200, 201, 302, 400, 404}
    assert any(line.get("user_id") == str(cast.user_id("farah")) and line["duration_ms"] > 0 for line in requests)
    assert any(line.get("error") == "ValueError" and "fail_at_work" in line["trace"][-1] for line in lines)


def test_lines_of_one_request_share_its_id_which_the_answer_sends(cast):
    api = Client(headers={"Authorization": f"Bearer {cast.key('indus')}"})
    own = "0192f3a4-0000-7000-8000-00000000abcd"
    with logged() as output:
        made = api.get("/api/v1/subjects/lms-danish").headers["X-Request-ID"]
        repeated = api.get("/api/v1/subjects/lms-danish", headers={"X-Request-ID": own}).headers["X-Request-ID"]
        named = api.get("/api/v1/subjects/lms-danish", headers={"X-Request-ID": "danish"}).headers["X-Request-ID"]
    ids = [line["request_id"] for line in parse(output) if line["event"] == "A request was answered"]
    assert ids[:2] == [made, repeated] == [made, own]
    assert named == "danish"
    assert ids[2] not in {"danish", own, made}
