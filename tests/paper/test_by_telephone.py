"""Answers by telephone use the same sheet as paper, and become consents with evidence of the call."""

from consent.consents.models import ConsentEvent, ConsentEvidence
from consent.consents.services.evidence import open_evidence
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from tests.api.callers import Caller
from tests.console.pages import row_url
from tests.paper.test_screens import QUEUE, brought, entry, lines_for, made
from tests.signing_in import browser_of

CALL = "Mrs Qureshi called on line 2 at nine"


def test_an_answer_by_telephone_takes_effect_with_evidence(cast):
    farah, lms = browser_of(cast.user("farah")), Caller(cast.key("indus"))
    run = made(cast, farah)
    [said] = lines_for(cast, run, ("hamza", "yes"))
    row = entry(cast, brought(cast, farah, {**said, "method": "phone", "note": CALL}))
    assert not lms.ask("lms-hamza", "newsletter")["decision"]
    farah.post(row_url(QUEUE, row.pk, "confirm"), {})
    assert lms.ask("lms-hamza", "newsletter")["decision"]
    assert "By telephone" in farah.get(row_url(QUEUE, row.pk)).content.decode()
    with in_client(cast.client_id("indus")):
        event = ConsentEvent.objects.get()
        assert (event.state, event.method, event.actor_id) == ("given", "phone", cast.user_id("farah"))
        evidence = ConsentEvidence.objects.get(event=event)
        opened = open_evidence(evidence, actor=cast.actor("farah"), reason=Reason.REVIEW, at=event.recorded_at)
    assert CALL in opened.text
    assert said["code"] in opened.text
