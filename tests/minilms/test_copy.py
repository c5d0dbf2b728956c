"""A person's copy end to end: requested, granted, given by the platform, built, fetched with a code, and deleted."""

import json
from datetime import timedelta

import jsonschema
import pytest
from django.utils import timezone

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.results import Answer
from paktaleem.directory.data_systems.services import carry_out_by_hand
from paktaleem.directory.data_systems.states import Outcome
from paktaleem.directory.files.services import FilePurged
from paktaleem.foundation.tenancy.context import in_client
from rights.packages.services.collecting import BUILD
from rights.packages.services.ending import end_due_packages
from rights.packages.tasks import build_one_package
from rights.requests.answers import compose_answer
from rights.requests.models import RightsRequest
from rights.requests.services import answer_request, decide_part, list_parts
from tests.access_links.visiting import issue, latest_code, path_of, send, visitor
from tests.access_links.visiting import work as send_letters
from tests.factories import SETTING_UP
from tests.rights.packing import content_of, data_in, package_of, unpacked
from tests.working import work

KIRAN = "lms-kiran"
ESSAY = "Gulistan " * 160_000
LOG = "opened Algebra " * 20_000


def test_a_person_fetches_a_copy_of_everything_and_then_it_is_gone(committed, platform):
    khyber = committed.client_id("khyber")
    platform.do("register", KIRAN, "--full-name", "Kiran Tareen", "--email", "kiran.tareen@mail.example")
    platform.keep(KIRAN, "content", ESSAY)
    platform.keep(KIRAN, "usage_logs", LOG)
    made = platform.portal.post("/api/v1/rights-requests", {"subject": KIRAN, "kinds": ["access", "portability"]}).body
    with in_client(khyber):
        request = RightsRequest.objects.get(pk=made["id"])
        for part in list_parts(request):
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
    files = unpacked(fetched_with_a_code(committed, request))
    for folder in ("", "portable/"):
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
    assert send(browser, f"{copy}download/", form_at=copy).status_code == 403, "the platform's session is not enough"
    send(browser, f"{copy}code/", form_at=copy)
    send_letters()
    assert send(browser, "/requests/code/", code=latest_code()).status_code == 302
    return b"".join(send(browser, f"{copy}download/", form_at=copy).streaming_content)


def it_expires(khyber, request):
    with in_client(khyber):
        package = package_of(request)
        assert end_due_packages(khyber, actor=SETTING_UP, at=timezone.now() + timedelta(days=15)) == 1
        with pytest.raises(FilePurged):
            content_of(package)
        assert all(order.copies_purged_at for order in Order.objects.filter(parent_id=request.pk))
