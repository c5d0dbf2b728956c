"""An erasure in a sandbox: its cooling-off passes by moving the clock, for that sandbox alone."""

from datetime import timedelta
from uuid import UUID

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.tasks import complete_answered_erasures
from paktaleem.foundation.clock import client_now, wall_clock_now
from paktaleem.foundation.tenancy.context import in_client
from rights.erasures.models import ErasureProposal
from rights.erasures.services.proposals import decide_erasure, propose_erasure
from rights.erasures.tasks import continue_all_erasures, notify_of_erasure
from tests.cast import Cast
from tests.erasures.steps import WHY, approved, second, send_all, waive_all
from tests.sandbox.making import Sandbox


def stage(client_id: UUID) -> str:
    return str(ErasureProposal.objects.get(client_id=client_id).stage)


def test_moving_the_clock_ends_the_cooling_off_of_the_sandbox_only(cast: Cast, sandbox: Sandbox) -> None:
    indus = cast.client_id("indus")
    with in_client(indus):
        approved(cast, at=wall_clock_now())
    with in_client(sandbox.id):
        person = Subject.objects.get(external_id="p-adult")
        row = propose_erasure(person, actor=cast.actor("amina"), reason=WHY, at=client_now())
        decide_erasure(row, approve=True, actor=second(cast), at=client_now())
    notify_of_erasure(str(sandbox.id), str(row.pk))
    sandbox.move(hours=71)
    continue_all_erasures(0)
    with in_client(sandbox.id):
        assert stage(sandbox.id) == "cooling_off"
    sandbox.move(hours=2)
    continue_all_erasures(0)
    with in_client(sandbox.id):
        assert stage(sandbox.id) == "ordered"
        send_all(client_now())
    with in_client(indus):
        assert stage(indus) == "cooling_off"
    [order] = sandbox.caller.get("/api/v1/orders").json()["orders"]
    assert order["kind"] == "erase"
    answer = {"result": "done", "counts": {"contact_details": 1}}
    assert sandbox.caller.post(f"/api/v1/orders/{order['id']}/accept", {}).status_code == 200
    done = sandbox.caller.post(f"/api/v1/orders/{order['id']}/complete", answer)
    assert done.status_code == 200, done.content
    with in_client(sandbox.id):
        waive_all(cast, client_now(), client_id=sandbox.id, system__code="billing")
    complete_answered_erasures(0)
    continue_all_erasures(0)
    with in_client(sandbox.id):
        assert stage(sandbox.id) == "certified"
        erased = Subject.objects.get(pk=person.pk)
        assert erased.erased_at is not None
        assert erased.erased_at - wall_clock_now() > timedelta(hours=71), "by the clock of the sandbox"
