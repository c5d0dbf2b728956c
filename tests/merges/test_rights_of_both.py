"""The rights of a person with two records: requests, copies, erasures and the console cover both."""

from collections.abc import Iterator

import pytest

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.models import PersonMerge, Subject
from paktaleem.foundation.tenancy.context import in_client
from rights.erasures.models import ErasureProposal
from rights.erasures.selectors import preview_erasure
from rights.erasures.services.proposals import cancel_erasure, decide_erasure
from tests.cast import Cast
from tests.console.pages import row_url
from tests.erasures import steps
from tests.merges.making import SECOND, linked, proposed, second_record
from tests.rights.cases import AT, decided, received
from tests.rights.packing import build, content_of, unpacked
from tests.signing_in import browser_of


@pytest.fixture
def linked_records(cast: Cast) -> Iterator[Cast]:
    """The cast in the context of Indus, with two linked records of Junaid."""
    with in_client(cast.client_id("indus")):
        linked(cast.subject("junaid"), second_record(cast, full_name="Junaid the Second"), cast, AT)
        yield cast


def test_a_copy_orders_and_holds_the_data_of_both_records(cast: Cast, linked_records) -> None:
    request = decided(cast, received(cast, "access", subject="junaid"))
    ordered = Order.objects.filter(parent_id=request.pk)
    assert set(ordered.values_list("subject__external_id", flat=True)) == {"lms-junaid", SECOND}
    steps.waive_all(cast, AT, parent_id=request.pk)
    package = build(request)
    assert package is not None
    files = unpacked(content_of(package))
    assert "Junaid the Second" in files["record-2/data.json"].decode()
    assert "record-2/tables/details.csv" in files
    assert "record-2/data.json" in files["index.en.html"].decode()


def test_an_erasure_is_proposed_approved_and_cancelled_for_both_records(cast: Cast, linked_records) -> None:
    junaid, second = cast.subject("junaid"), Subject.objects.get(external_id=SECOND)
    assert preview_erasure(junaid, at=AT).others == [second]
    first = steps.proposed(cast, "junaid")
    beside = ErasureProposal.objects.get(subject=second)
    assert (beside.leading, beside.stage) == (first, "proposed")
    approved = decide_erasure(first, approve=True, actor=steps.second(cast), at=AT)
    beside.refresh_from_db()
    assert (approved.stage, beside.stage, beside.settled_by) == ("cooling_off", "cooling_off", approved.settled_by)
    cancel_erasure(beside, actor=cast.actor("amina"), at=AT)
    assert set(ErasureProposal.objects.values_list("stage", flat=True)) == {"cancelled"}


def test_both_records_are_erased_with_a_certificate_each(cast: Cast, linked_records) -> None:
    approved = steps.approved(cast, "junaid")
    beside = ErasureProposal.objects.get(leading=approved)
    for proposal in (approved, beside):
        assert steps.certified(cast, proposal, steps.AFTER).stage == "certified"
    people = Subject.objects.filter(same_person=cast.subject_id("junaid"))
    assert [one.erased_at is None for one in people] == [False, False]


def test_the_console_shows_the_link_and_the_requests_of_both_records(cast: Cast) -> None:
    with in_client(cast.client_id("indus")):
        linked(cast.subject("junaid"), second_record(cast), cast, AT)
        request, second = received(cast, "access", subject="junaid"), Subject.objects.get(external_id=SECOND)
        waiting = proposed(cast.subject("junaid"), second_record(cast, external_id="lms-junaid-3"), cast, AT)
    farah, amina = browser_of(cast.user("farah")), browser_of(cast.user("amina"))
    junaid = cast.subject_id("junaid")
    for page, words in {
        row_url("people/subject", second.pk): "One person with",
        row_url("people/subject", second.pk) + "?tab=requests": request.number,
        row_url("requests/rightsrequest", request.pk): "copies and erasures cover them",
    }.items():
        assert words in farah.get(page).content.decode(), page
    found = farah.post("/admin/search/", {"text": "lms-jun"}).content.decode()
    assert f"One person with {SECOND}" in found
    form = {"other": "lms-danish", "reason": "review"}
    refused = farah.post(row_url("people/subject", junaid, "same-person"), form)
    assert "The records cannot be one person" in refused.content.decode()
    approved = amina.post(row_url("people/personmerge", waiting.pk, "approve"), {"reason": "review"})
    undo = row_url("people/subject", junaid, "not-same-person")
    undone = farah.post(undo, {"other": str(second.pk), "reason": "correction"})
    assert (approved.status_code, undone.status_code) == (302, 302)
    with in_client(cast.client_id("indus")):
        expected = [("link", "approved"), ("link", "approved"), ("undo", "waiting")]
        assert sorted(PersonMerge.objects.values_list("kind", "state")) == expected
