"""A person's copy end to end: requested, granted, given by the platform, built, fetched with a code, and deleted."""

import json
from datetime import timedelta

import jsonschema
import pytest
from django.utils import timezone

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import carry_out_by_hand
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.files.services import FilePurged
from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.tenancy.context import in_client
from rights.packages.services.answering import end_due_packages
from rights.packages.services.collecting import BUILD
from rights.packages.tasks import build_one_package
from rights.requests.letters import compose_answer
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.steps import list_parts
from tests.access_links.visiting import issue, latest_code, path_of, send, visitor
from tests.access_links.visiting import work as send_letters
from tests.children.browsers import by_contact
from tests.children.guardians import verified_guardian
from tests.factories import SETTING_UP
from tests.rights.packing import content_of, data_in, package_of, unpacked
from tests.working import work

KIRAN = "lms-kiran"
ESSAY = "Gulistan " * 160_000
LOG = "opened Algebra " * 20_000
MOTHER, MOTHERS_EMAIL = "lms-kirans-mother", "zarmina.tareen@mail.example"
WORDS = "Please all of it."


def ask_for_themselves(cast, platform):
    return platform.portal.post("/api/v1/rights-requests", {"subject": KIRAN, "kinds": ["access", "portability"]}).body


def ask_as_guardian(cast, platform):
    with in_client(cast.client_id("khyber")):
        kiran, details = Subject.objects.get(external_id=KIRAN), {"role": "guardian", "email": MOTHERS_EMAIL}
        before = timezone.now() - timedelta(days=4)  # a new contact waits for 72 hours
        young = {
            "birth_date": timezone.now().date() - timedelta(days=15 * 365)
        }  # no guardian asks for people of full age
        register_subject(KIRAN, client=kiran.client, details=young, actor=SETTING_UP, at=before)
        mother, _ = register_subject(MOTHER, client=kiran.client, details=details, actor=SETTING_UP, at=before)
        verified_guardian(kiran, mother, at=timezone.now())
    made = {"guardian": MOTHER, "wish": "copy", "text": WORDS}
    return platform.portal.post(f"/api/v1/subjects/{KIRAN}/guardian-requests", made).body


@pytest.mark.parametrize(
    ("ask", "who", "folders"),
    [
        pytest.param(ask_for_themselves, "person", ("", "portable/"), id="person"),
        pytest.param(ask_as_guardian, "guardian", ("",), id="guardian"),
    ],
)
def test_a_copy_of_everything_is_fetched_and_then_deleted(committed, platform, ask, who, folders):
    khyber = committed.client_id("khyber")
    platform.do("register", KIRAN, "--full-name", "Kiran Tareen", "--email", "kiran.tareen@mail.example")
    platform.keep(KIRAN, "content", ESSAY)
    platform.keep(KIRAN, "usage_logs", LOG)
    made = ask(committed, platform)
    with in_client(khyber):
        request = RightsRequest.objects.get(pk=made["id"])
        for part in [one for one in list_parts(request) if not one.decision]:
            decider = committed.actor("celia" if part.decider == "client" else "amina")
            decide_part(part, decision="granted", actor=decider, at=timezone.now())
    assert platform.do("orders") == "1 carried out; ask again in 60 s"
    with in_client(khyber):
        for order in Order.objects.open().filter(parent_id=request.pk):
            carry_out_by_hand(order, Answer(Outcome.NOT_FOUND), actor=committed.actor("amina"), at=timezone.now())
    work({BUILD: build_one_package})
    with in_client(khyber):
        request.refresh_from_db()
        answer_request(request, text=compose_answer(request), actor=committed.actor("celia"), at=timezone.now())
    files = unpacked(FETCHING[who](committed, request))
    for folder in folders:
        jsonschema.validate(data_in(files, f"{folder}data.json"), json.loads(files[f"{folder}schema.json"]))
    given = {path.rpartition("-")[2]: content for path, content in files.items() if path.startswith("systems/")}
    assert json.loads(given["content.json"]) == [{"what": ESSAY}]
    assert len(given["content.json"]) > 1_000_000
    assert json.loads(given["usage_logs.json"]) == [{"what": LOG}]
    assert b"No such person there" in files["index.en.html"], "the answer of the system without the person"
    it_expires(khyber, request)


def fetched_with_a_code(cast, request):
    browser, copy = visitor(), f"/requests/copy/{request.pk}/"
    assert send(browser, path_of(issue(cast, "khyber", KIRAN, "requests").json()["url"])).status_code == 302
    assert send(browser, copy)["Location"].startswith("/requests/code/"), "the platform's session is not enough"
    send_letters()
    assert send(browser, "/requests/code/", code=latest_code()).status_code == 302
    return b"".join(send(browser, copy).streaming_content)


def fetched_by_the_guardian(cast, request):
    browser = by_contact(MOTHERS_EMAIL, "/guardian/khyber/")
    data = f"/guardian/child/{request.subject_id}/data/"
    copy = f"{data}copy/{request.pk}/"
    assert copy in browser.get(data).content.decode()
    assert by_contact("kiran.tareen@mail.example", "/guardian/khyber/").get(copy).status_code == 404
    archive = b"".join(send(browser, copy).streaming_content)
    assert WORDS in unpacked(archive)["index.en.html"].decode(), "the guardian wrote it"
    return archive


FETCHING = {"person": fetched_with_a_code, "guardian": fetched_by_the_guardian}


def it_expires(khyber, request):
    with in_client(khyber):
        package = package_of(request)
        assert end_due_packages(khyber, actor=SETTING_UP, at=timezone.now() + timedelta(days=15)) == 1
        with pytest.raises(FilePurged):
            content_of(package)
        assert all(order.copies_purged_at for order in Order.objects.filter(parent_id=request.pk))
