"""A started erasure in the console: ordered everywhere, shown until every system has answered."""

import pytest
from django.utils import timezone

from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.people.erasures import Erasure
from paktaleem.directory.people.services.erasure import complete_erasure, start_erasure
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.tenancy.context import in_client
from tests.console.pages import row_url
from tests.data_systems.test_erasing import answer, orders_of

LIST = "/admin/people/subject/"


@pytest.fixture
def danish(cast):
    return cast.subject_id("danish")


@pytest.fixture
def erase(cast):
    def erase():
        by = {"actor": cast.actor("amina"), "reason": "subject_request", "at": timezone.now()}
        with in_client(cast.client_id("indus")):
            return start_erasure(cast.subject("danish"), **by)

    return erase


def test_the_page_shows_who_confirmed_it_and_which_systems_answer(cast, erase, sign_in, danish):
    erase()
    page = sign_in("farah").get(row_url("people/subject", danish)).content.decode()
    assert "2 systems have not answered yet." in page
    assert "Reason: Request of the data subject or a guardian." in page
    with in_client(cast.client_id("indus")):
        for order in Order.objects.all():
            assert row_url("data_systems/order", order.pk) in page


def test_it_is_not_offered_twice(erase, sign_in, danish):
    erase()
    amina = sign_in("amina")
    page = amina.get(row_url("people/subject", danish)).content.decode()
    assert row_url("people/subject", danish, "erase") not in page
    again = amina.get(row_url("people/subject", danish, "erase"), follow=True)
    assert "is not possible: it does not apply to this row as it is now" in again.content.decode()


def test_acts_that_record_something_new_are_not_offered(erase, sign_in, danish):
    acts = [row_url("people/subject", danish, act) for act in ("state-age", "name-guardian", "school-authorises")]
    before = sign_in("farah").get(row_url("people/subject", danish)).content.decode()
    assert all(act in before for act in acts)
    assert "state=given" in before
    erase()
    page = sign_in("farah").get(row_url("people/subject", danish)).content.decode()
    assert not any(act in page for act in acts)
    assert "state=given" not in page
    assert row_url("people/subject", danish, "answer") in page, "a refusal is still recorded"


def test_the_list_finds_who_is_being_erased(erase, sign_in):
    erase()
    amina = sign_in("amina")
    being = amina.get(LIST, {"record": "being_erased"}).content.decode()
    assert "lms-danish" in being
    assert "Being erased since" in being
    assert "lms-hamza" not in being
    assert "lms-danish" not in amina.get(LIST, {"record": "erased"}).content.decode()


def test_once_complete_the_page_says_so(cast, erase, sign_in, danish, now):
    erase()
    with in_client(cast.client_id("indus")):
        erasure = Erasure.objects.get()
        later = erasure.started_at
        for order in orders_of(erasure):
            answer(order, cast, later)
        assert complete_erasure(erasure, actor=system_actor("tests"), at=later)
    page = sign_in("amina").get(row_url("people/subject", danish)).content.decode()
    assert "Every system answered or was waived" in page
    assert "lms-danish" not in page


def test_an_answer_that_consents_is_refused_with_a_reason(erase, sign_in, danish):
    erase()
    asked = {"purpose": "newsletter", "state": "given"}
    form = sign_in("amina").get(row_url("people/subject", danish, "answer"), asked)
    token = form.context["form"].fields["shown"].initial
    given = {"purpose": "newsletter", "state": "given", "method": "in_person", "given_by": "self", "language": "en"}
    url = row_url("people/subject", danish, "answer")
    page = sign_in("amina").post(url, {**given, "shown": token, "evidence": "Box 3"}).content.decode()
    assert "The person is being erased" in page
