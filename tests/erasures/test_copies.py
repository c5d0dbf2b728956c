"""A person who asked for a copy and for erasure can fetch the copy before the key is destroyed."""

import pytest

from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.extension_points import list_blockers
from paktaleem.directory.people.services.erasure import complete_erasure, start_erasure
from rights.erasures.models import ErasureProposal
from rights.erasures.services.proposals import decide_erasure
from rights.packages.services.answering import end_due_packages
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request
from tests.cast import Cast
from tests.erasures.steps import AFTER, SYSTEM, WHY, go_on, second, send_all, waive_all
from tests.rights.cases import AT, DAY, decided, received
from tests.rights.packing import PNG, answered, build, content_of, fetched, package_of
from tests.rights.test_guardian_copies import ready


@pytest.fixture
def request_of_both(cast: Cast, indus) -> RightsRequest:
    """A granted request for a copy and for erasure, answered with the copy; every system has erased its data."""
    request = decided(cast, received(cast, "access", "erasure"))
    answered(cast, request, PNG)
    assert build(request) is not None
    row = ErasureProposal.objects.get(request=request, stage="proposed")
    row = decide_erasure(row, approve=True, actor=second(cast), at=AT)
    answer_request(request, text="Your copy is ready.", actor=cast.actor("farah"), at=AFTER)
    assert go_on(row, AFTER).stage == "ordered"
    send_all(AFTER)
    waive_all(cast, AFTER)
    return request


def complete() -> bool:
    return complete_erasure(Erasure.objects.get(), actor=SYSTEM, at=AFTER)


def test_the_key_waits_until_the_copy_is_fetched(cast: Cast, indus, request_of_both: RightsRequest) -> None:
    assert not complete(), "the copy could not be fetched any more"
    [waiting] = list_blockers(Erasure.objects.get())
    assert request_of_both.number in waiting
    archive = fetched(cast, request_of_both, at=AFTER)
    assert archive == content_of(package_of(request_of_both))
    assert complete()


def test_an_unfetched_copy_delays_the_destruction_of_the_key_until_it_expires(
    cast: Cast, indus, request_of_both: RightsRequest
) -> None:
    assert not complete()
    assert end_due_packages(request_of_both.client_id, actor=SYSTEM, at=AFTER + 14 * DAY) == 1
    assert complete()


def test_a_guardian_fetches_a_copy_while_the_child_is_being_erased(cast: Cast, indus) -> None:
    request = ready(cast)
    start_erasure(cast.subject("danish"), actor=cast.actor("amina"), reason=WHY, at=AT)
    send_all(AT)
    waive_all(cast, AT)
    assert not complete()
    assert fetched(cast, request, by="esra") == content_of(package_of(request))
    assert complete()
