"""Recipients are informed of an erasure before the key is destroyed, and the certificate names them (GDPR Art. 19)."""

import pytest
from django.core.exceptions import ValidationError

from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.services.erasure import complete_erasure
from paktaleem.foundation.audit.certificates import read_body
from rights.erasures.admin import render_certificate
from rights.erasures.models import ErasureProposal
from rights.erasures.selectors import find_certificate
from rights.erasures.services.proposals import decide_erasure
from rights.rectifications.models import RecipientNotice
from rights.rectifications.selectors import list_notices
from rights.rectifications.services.applying import record_informed
from rights.requests.services.closing import answer_request, close_request
from tests.cast import Cast
from tests.erasures.steps import AFTER, SYSTEM, approved, go_on, second, send_all, waive_all
from tests.rights.cases import AT, approve_recipient, decided, received


def test_recipients_are_informed_before_the_key_is_destroyed(cast: Cast, indus) -> None:
    approve_recipient(cast)
    request = decided(cast, received(cast, "erasure"))
    row = ErasureProposal.objects.get(request=request, stage="proposed")
    row = decide_erasure(row, approve=True, actor=second(cast), at=AT)
    answer_request(request, text="It is erased.", actor=cast.actor("farah"), at=AT)
    row = go_on(row, AFTER)
    send_all(AFTER)
    waive_all(cast, AFTER)
    erasure = Erasure.objects.get()
    assert not complete_erasure(erasure, actor=SYSTEM, at=AFTER), "afterwards no one knows whom it is about"
    with pytest.raises(ValidationError, match="Inform every recipient"):
        close_request(request, actor=cast.actor("farah"), at=AFTER)
    record_informed(RecipientNotice.objects.get(), outcome="informed", actor=cast.actor("farah"), at=AFTER)
    assert complete_erasure(erasure, actor=SYSTEM, at=AFTER)
    certificate = find_certificate(go_on(row, AFTER))
    assert certificate is not None
    body = read_body(certificate)
    assert body["recipients"] == [{"recipient": "Host Ltd", "outcome": "informed"}]
    assert render_certificate(body, sha256=certificate.sha256).startswith(b"%PDF")
    assert close_request(request, actor=cast.actor("farah"), at=AFTER).state == "closed"


def test_recipients_are_informed_of_an_erasure_without_a_request_too(cast: Cast, indus) -> None:
    approve_recipient(cast)
    row = go_on(approved(cast), AFTER)
    send_all(AFTER)
    waive_all(cast, AFTER)
    erasure = Erasure.objects.get()
    assert not complete_erasure(erasure, actor=SYSTEM, at=AFTER), "afterwards no one knows whom it is about"
    [notice] = list_notices(row.subject)
    record_informed(notice, outcome="impossible", actor=cast.actor("farah"), at=AFTER)
    assert complete_erasure(erasure, actor=SYSTEM, at=AFTER)
    certificate = find_certificate(go_on(row, AFTER))
    assert certificate is not None
    assert read_body(certificate)["recipients"] == [{"recipient": "Host Ltd", "outcome": "impossible"}]
