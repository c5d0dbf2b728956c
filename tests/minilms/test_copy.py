"""A person's copy and erasure end to end, with the real worker and platform."""

import json
import sys
from datetime import timedelta

import jsonschema
import pytest
from django.utils import timezone

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import carry_out_by_hand
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.files.services import FilePurged
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.audit.certificates import read_body
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.demo.supervision import running
from rights.erasures.models import Certificate, ErasureProposal
from rights.erasures.services.proposals import decide_erasure
from rights.packages.services import BUILD, end_due_packages
from rights.packages.tasks import build_one_package
from rights.requests.letters import compose_answer
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request, close_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.steps import list_parts
from tests.access_links.visiting import issue, latest_code, path_of, send, visitor, work as send_letters
from tests.children.browsers import by_contact
from tests.children.guardians import verified_guardian
from tests.embedded.processes import wait_for
from tests.factories import SETTING_UP
from tests.rights.packing import content_of, data_in, package_of, unpacked
from tests.waiting import wait_until
from tests.working import work

KIRAN = "lms-kiran"
ESSAY = "Gulistan " * 160_000
LOG = "opened Algebra " * 20_000
MOTHER, MOTHERS_EMAIL = "lms-kirans-mother", "zarmina.tareen@mail.example"
WORDS = "Please all of it."
WORKER = [sys.executable, "manage.py", "procrastinate", "worker", "--shutdown-graceful-timeout", "1"]
LONG_AGO = timedelta(hours=73)


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


"""The request is decided and approved so long ago that the cooling-off is over."""


def test_a_request_ends_with_nothing_in_the_platform_and_a_certificate(committed, platform, tmp_path):
    lms, client_id = platform, committed.client_id("khyber")
    lms.do("register", KIRAN, "--full-name", "Kiran Tareen", "--email", "kiran.tareen@mail.example")
    lms.do("consent", KIRAN, "newsletter", "given")
    assert lms.do("record", KIRAN, "usage_logs", "opened Algebra") == "kept"
    lms.portal.post("/api/v1/rights-requests", {"subject": KIRAN, "kind": "erasure"})
    with in_client(client_id):
        request = granted_answered_and_approved(committed)
    with lms.receiving(), running([("worker", WORKER)], tmp_path / "worker"):
        wait_for(lambda: stage(client_id) != "cooling_off", seconds=60, pause=0.2)
        assert stage(client_id) in {"ordered", "certified"}
        wait_until(lambda: not lms.rows("SELECT 1 FROM record WHERE person = ?", KIRAN))
        with in_client(client_id):
            others = Order.objects.open().filter(kind="erase", system__delivery="by_hand")
            for order in others:
                carry_out_by_hand(order, Answer(Outcome.NOT_FOUND), actor=committed.actor("amina"), at=timezone.now())
        wait_until(lambda: stage(client_id) == "certified")
    assert lms.rows("SELECT 1 FROM person WHERE id = ?", KIRAN) == []
    with in_client(client_id):
        body = read_body(Certificate.objects.get())
        assert {one["system"]: one["answer"] for one in body["systems"]}["lms"] == "erased"
        assert body["request"]["number"] == request.number
        assert not SubjectKey.objects.filter(subject_id=request.subject_id).exists()
        assert Subject.objects.get(pk=request.subject_id).external_id is None
        assert close_request(request, actor=committed.actor("celia"), at=timezone.now()).state == "closed"


def granted_answered_and_approved(cast):
    """Let both controllers grant it, the client answer, and a second person approve."""
    then, request = timezone.now() - LONG_AGO, RightsRequest.objects.get()
    for part in list_parts(request):
        actor = cast.actor("celia" if part.decider == "client" else "amina")
        decide_part(part, decision="granted", actor=actor, at=then)
    answer_request(request, text="Your data will be erased.", actor=cast.actor("celia"), at=timezone.now())
    whole = ErasureProposal.objects.get(stage="proposed")
    approver = cast.actor("celia" if whole.requested_by == cast.user_id("amina") else "amina")
    decide_erasure(whole, approve=True, actor=approver, at=then)
    return request


def stage(client_id):
    with in_client(client_id):
        return ErasureProposal.objects.latest("requested_at", "pk").stage
