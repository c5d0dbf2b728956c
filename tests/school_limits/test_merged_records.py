"""A person with a record at North and another at South, for the administrator of North.

No copy and no erasure that covers both records goes by one who sees only one of them.
"""

import pytest

from paktaleem.directory.people.models import Subject
from paktaleem.directory.people.selectors import has_hidden_record
from paktaleem.directory.people.services.people import RecordElsewhere
from paktaleem.foundation.accounts.actors import user_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.tenancy.context import in_client
from rights.erasures.models import ErasureProposal
from rights.erasures.services.proposals import cancel_erasure, decide_erasure
from rights.packages.models import Package
from rights.packages.services.collecting import hand_over_package, request_package
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request
from tests.cast import Cast
from tests.erasures import steps
from tests.merges.making import SECOND, linked, second_record, taken_apart
from tests.rights.cases import AT, decided, received
from tests.rights.packing import build
from tests.school_limits.limiting import make_head, make_school
from tests.school_limits.test_work import HeadsCast, who


@pytest.fixture
def heads(cast: Cast) -> HeadsCast:
    """Return the cast with a head of North, where Junaid is; his second record is at South."""
    indus = cast.client_id("indus")
    with in_client(indus):
        second = second_record(cast, full_name="Junaid the Second")
        linked(cast.subject("junaid"), second, cast, AT)
    school = make_school(cast, "north", cast.subject_id("junaid"))
    make_school(cast, "south", second.pk)
    limited = HeadsCast(cast._values)
    limited.head = user_actor(make_head(cast, school).pk, "client_admin", indus, schools=[school])
    return limited


def test_a_record_is_hidden_only_while_it_is_linked_and_of_another_school(heads: HeadsCast, cast: Cast) -> None:
    indus, junaid = heads.client_id("indus"), heads.subject_id("junaid")
    with in_client(indus):
        second = Subject.objects.get(external_id=SECOND)
        assert not has_hidden_record(cast.subject("junaid")), "nothing is hidden from one without a limit"
    with in_client(indus, schools=frozenset([make_school(cast, "both", junaid, second.pk)])):
        assert not has_hidden_record(cast.subject("junaid"))
    with in_client(indus, schools=heads.head.schools):
        assert not Subject.objects.filter(external_id=SECOND).exists()
        assert has_hidden_record(cast.subject("junaid"))
    with in_client(indus):
        taken_apart(cast.subject("junaid"), second, cast, AT)
    with in_client(indus, schools=heads.head.schools):
        assert not has_hidden_record(cast.subject("junaid"))


def test_a_copy_of_both_records_is_neither_ordered_nor_handed_over(heads: HeadsCast, cast: Cast) -> None:
    indus = heads.client_id("indus")
    with in_client(indus, schools=heads.head.schools):
        waiting = received(heads, "access", subject="junaid")
        with pytest.raises(RecordElsewhere):
            decided(heads, waiting)
        assert not Package.objects.exists()
    with in_client(indus):
        request = decided(cast, RightsRequest.objects.get(pk=waiting.pk))
        steps.waive_all(cast, AT, parent_id=request.pk)
        assert build(request) is not None
        answer_request(request, text="Your copy.", actor=cast.actor("farah"), at=AT)
    with in_client(indus, schools=heads.head.schools):
        request = RightsRequest.objects.get(pk=waiting.pk)
        with pytest.raises(RecordElsewhere):
            hand_over_package(request, reason="review", **who(heads))
        with pytest.raises(RecordElsewhere):
            request_package(request, left_out=[], **who(heads))
    with in_client(indus), pytest.raises(Refused, match="A contact is on file, so the copy is fetched "):
        hand_over_package(request, reason="review", actor=cast.actor("farah"), at=AT)


def test_an_erasure_of_both_records_is_neither_proposed_nor_approved_nor_cancelled(heads: HeadsCast) -> None:
    indus = heads.client_id("indus")
    with in_client(indus):
        steps.proposed(heads, "junaid")
    with in_client(indus, schools=heads.head.schools):
        own = ErasureProposal.objects.get()
        with pytest.raises(RecordElsewhere):
            decide_erasure(own, approve=True, **who(heads))
        with pytest.raises(RecordElsewhere):
            decide_erasure(own, approve=False, **who(heads))
        with pytest.raises(RecordElsewhere):
            cancel_erasure(own, **who(heads))
    with in_client(indus):
        assert set(ErasureProposal.objects.values_list("stage", flat=True)) == {"proposed"}
        assert ErasureProposal.objects.count() == 2
