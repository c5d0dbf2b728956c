"""The erasure that a person asks for, from the request to the certificate, with the real worker and platform."""

import sys
from datetime import timedelta

from django.utils import timezone

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.services.fulfilment import carry_out_by_hand
from paktaleem.directory.data_systems.states import Answer, Outcome
from paktaleem.directory.people.models import Subject, SubjectKey
from paktaleem.foundation.audit.certificates import read_body
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.office.demo.supervision import running
from rights.erasures.models import Certificate, ErasureProposal
from rights.erasures.services.proposals import decide_erasure
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request, close_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.steps import list_parts
from tests.embedded.processes import wait_for
from tests.waiting import wait_until

KIRAN = "lms-kiran"
WORKER = [sys.executable, "manage.py", "procrastinate", "worker", "--shutdown-graceful-timeout", "1"]
LONG_AGO = timedelta(hours=73)
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
