"""Two tabs, two workers, many guesses: of many attempts at once, only what may happen happens."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from paktaleem.directory.access_links.limits import RIGHTS_ATTEMPT_LIMITS, count_attempt
from paktaleem.foundation.accounts.actors import system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.tenancy.context import in_client
from rights.rectifications.services.statements import Statement, add_correction
from rights.requests.models import ScheduledStep
from rights.requests.services.clock import AlreadyAnswered, carry_out_due_steps, extend_request
from rights.requests.services.closing import answer_request
from rights.requests.services.decisions import AlreadyDecided, decide_part
from rights.requests.services.intake import MATCH_LIMITS
from tests.cast import Cast
from tests.rights.cases import AT, DAY, decided, part_of, received

TIMES = 8
REFUSALS = (AlreadyDecided, Refused, AlreadyAnswered)


def at_once[T](times: int, act: Callable[[int], T]) -> list[T | None]:
    """Call ``act`` in many threads; None where it was refused."""

    def attempt(number: int) -> T | None:
        try:
            return act(number)
        except REFUSALS:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(attempt, range(times)))


def test_of_two_hundred_guesses_from_many_addresses_five_count(committed: Cast) -> None:
    found = at_once(200, lambda one: count_attempt(RIGHTS_ATTEMPT_LIMITS, address="a", ip=f"203.0.113.{one}"))
    assert found.count(True) == 5


def test_of_many_requests_about_one_contact_three_count(committed: Cast) -> None:
    found = at_once(40, lambda one: count_attempt(MATCH_LIMITS, address="indus/a", ip=f"203.0.113.{one}"))
    assert found.count(True) == 3


def test_of_two_tabs_one_decides_one_extends_and_one_answers(committed: Cast) -> None:
    client_id, farah = committed.client_id("indus"), committed.actor("farah")
    with in_client(client_id):
        request = received(committed, "rectification")
        add_correction(request, Statement(field="full_name", new_value="Hamza Lodhi"), actor=farah, at=AT)
        part = part_of(request)

    def in_indus(act: Callable[[], object]) -> Callable[[int], bool]:
        def run(_: int) -> bool:
            with in_client(client_id):
                act()
                return True

        return run

    extends = in_indus(lambda: extend_request(request, days=5, text="Why", actor=farah, at=AT))
    assert at_once(TIMES, extends).count(True) == 1
    decides = in_indus(lambda: decide_part(part, decision="granted", actor=farah, at=AT))
    assert at_once(TIMES, decides).count(True) == 1
    answers = in_indus(lambda: answer_request(request, text="Done.", actor=farah, at=AT))
    assert at_once(TIMES, answers).count(True) == 1


def test_of_many_workers_one_carries_out_a_step(committed: Cast) -> None:
    client_id = committed.client_id("indus")
    with in_client(client_id):
        received(committed, "access")
        decided(committed, received(committed, "question"))

    def run(_: int) -> int:
        with in_client(client_id):
            return carry_out_due_steps(client_id, actor=system_actor("tests"), at=AT + 31 * DAY)

    counts = at_once(TIMES, run)
    with in_client(client_id):
        assert sum(one or 0 for one in counts) == ScheduledStep.objects.count() == 8 + 6
