"""A rights request from any channel: one case, one clock, and each part with the controller of the data."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction

from paktaleem.directory.access_links.services import count_attempt
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.erasure import AlreadyErased, erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, system_actor
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.rectifications.services.statements import Statement, add_correction
from rights.requests.models import RequestStep, RightsRequest
from rights.requests.services.clock import AlreadyAnswered, carry_out_due_steps, extend_request
from rights.requests.services.closing import answer_request
from rights.requests.services.decisions import AlreadyDecided, decide_part
from rights.requests.services.intake import MATCH_LIMITS, assign_person, read_request, receive_request, verify_identity
from rights.requests.services.steps import list_parts
from tests.rights.cases import AT, DAY, decided, in_indus, naming, own, part_of, received, refused_to


def test_the_clock_starts_at_receipt_and_the_person_is_sent_an_acknowledgement(cast, indus):
    request = received(cast, "access", details="All of it, please.")
    assert (request.due_at, request.expected_by) == (AT + 30 * DAY, AT + 30 * DAY)
    letter = Letter.objects.get(kind="rights_received")
    assert (letter.subject_id, letter.related_id) == (cast.subject_id("hamza"), request.pk)
    steps = list(RequestStep.objects.filter(request=request).values_list("kind", flat=True))
    assert steps == ["received", "acknowledged"]
    kinds = Entry.objects.filter(family="rights_request").order_by("recorded_at", "id").values_list("kind", flat=True)
    assert list(kinds) == ["rights_request.received", "rights_request.acknowledged"]


def test_several_rights_are_one_request_and_each_part_goes_to_its_controller(cast, indus):
    parts = {(one.kind, one.decider): one.purposes for one in list_parts(received(cast, "access", "objection"))}
    assert parts["access", "client"] == parts["access", "paktaleem"] == []
    assert parts["objection", "paktaleem"] == ["platform_improvement", "security_integrity"]
    assert ("objection", "client") not in parts
    named = received(cast, "erasure", purposes=["newsletter", "payment_billing"])
    found = {one.decider: one.purposes for one in list_parts(named)}
    assert found == {"client": ["newsletter"], "paktaleem": ["payment_billing"]}


def test_an_unknown_person_and_one_who_is_not_verified_wait(cast, indus):
    unknown = received(cast, "access", subject=None, channel="form", contact="someone@mail.example")
    assert unknown.state == "triage"
    assert not Letter.objects.exists()
    assign_person(unknown, subject=cast.subject("hamza"), actor=cast.actor("amina"), at=AT)
    unknown.refresh_from_db()
    assert unknown.state == "identity_pending"
    verify_identity(unknown, actor=cast.actor("farah"), at=AT)
    unknown.refresh_from_db()
    assert (unknown.state, unknown.identity_method) == ("with_client", "client")


def test_texts_are_sealed_and_reading_them_is_recorded_first(cast, indus):
    request = received(cast, details="Hamza wants it", contact="hamza@mail.example")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(r)::text FROM requests_rightsrequest r")
        assert "Hamza wants" not in cursor.fetchone()[0]
    read = read_request(request, actor=cast.actor("farah"), reason=Reason.REVIEW, at=AT)
    assert read == {"details": "Hamza wants it", "contact": "hamza@mail.example", "answer": ""}
    assert Entry.objects.filter(kind="rights_request.read").count() == 1
    refused_to(cast, "bilal sana", read_request, request, reason=Reason.REVIEW, at=AT)


def test_erasing_the_person_destroys_the_texts_and_leaves_the_case(cast, indus):
    request = received(cast, details="Hamza wants it")
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    request.refresh_from_db()
    assert (request.wrapped, request.details, request.is_open) == (None, None, True)
    assert Entry.objects.filter(kind="rights_request.forgotten").count() == 1
    with pytest.raises(AlreadyErased):
        received(cast)


def test_staff_may_enter_a_call_of_the_last_thirty_days_and_no_other_time(cast, indus):
    earlier = received(cast, channel="telephone", actor=cast.actor("sana"), received_at=AT - 2 * DAY)
    assert earlier.due_at == AT + 28 * DAY
    for wrong in (AT + DAY, AT - 30 * DAY):
        with pytest.raises(ValidationError, match="last thirty days"):
            received(cast, channel="telephone", received_at=wrong)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kinds": []}, "kinds"),
        ({"kinds": ["access", "access"]}, "kinds"),
        ({"purposes": ["nothing_known"]}, "purposes"),
    ],
)
def test_wrong_input_names_its_field(cast, indus, given, field):
    details = {"kinds": ["access"], "channel": "api", "language": "en", "at": AT, **given}
    with naming(field):
        receive_request(cast.client("indus"), actor=cast.key_actor("indus"), **details)
    assert not RightsRequest.objects.exists()


def test_roles_receive_and_see_what_the_table_says(cast, indus):
    for actor in (cast.actor("sana"), cast.actor("farah"), cast.key_actor("indus"), own(cast)):
        assert received(cast, actor=actor).is_open
    for actor in (cast.actor("bilal"), cast.actor("celia"), cast.key_actor("khyber"), own(cast, "esra")):
        with pytest.raises(NotAllowed):
            received(cast, actor=actor)


@pytest.mark.parametrize(
    "column",
    [
        {"due_at": AT + 31 * DAY},
        {"expected_by": AT},
        {"identity_method": ""},
        {"closed_at": AT},
        {"state": "duplicate"},
    ],
)
def test_the_database_refuses_a_broken_request(cast, indus, column):
    request = received(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        RightsRequest.objects.filter(pk=request.pk).update(**column)


def test_no_text_is_received_about_a_person_who_is_erased_meanwhile(cast, indus):
    loaded, unknown = cast.subject("hamza"), received(cast, "access", subject=None, channel="form")
    erase_subject(cast.subject("hamza"), actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT)
    told = {"actor": cast.actor("amina"), "at": AT}
    with pytest.raises(AlreadyErased):
        receive_request(loaded.client, kinds=["access"], channel="telephone", subject=loaded, language="en", **told)
    with pytest.raises(AlreadyErased):
        assign_person(unknown, subject=loaded, **told)


TIMES = 8
REFUSALS = (AlreadyDecided, Refused, AlreadyAnswered)


def at_once[T](times, act):
    def attempt(number):
        try:
            return act(number)
        except REFUSALS:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(attempt, range(times)))


def test_of_many_requests_about_one_contact_three_count(committed):
    found = at_once(40, lambda one: count_attempt(MATCH_LIMITS, address="indus/a", ip=f"203.0.113.{one}"))
    assert found.count(True) == 3


def test_of_two_tabs_one_decides_one_extends_and_one_answers(committed):
    client_id, farah = committed.client_id("indus"), committed.actor("farah")
    with in_client(client_id):
        request = received(committed, "rectification")
        add_correction(request, Statement(field="full_name", new_value="Hamza Lodhi"), actor=farah, at=AT)
        part = part_of(request)

    by = {"actor": farah, "at": AT}
    for act in (
        lambda: extend_request(request, days=5, text="Why", **by),
        lambda: decide_part(part, decision="granted", **by),
        lambda: answer_request(request, text="Done.", **by),
    ):
        found = at_once(TIMES, lambda _, act=act: in_indus(committed, act))
        assert len([one for one in found if one is not None]) == 1


def test_of_many_workers_one_carries_out_a_step(committed):
    client_id = committed.client_id("indus")
    with in_client(client_id):
        received(committed, "access")
        decided(committed, received(committed, "question"))

    def run(_):
        with in_client(client_id):
            return carry_out_due_steps(client_id, actor=system_actor("tests"), at=AT + 31 * DAY)

    counts = at_once(TIMES, run)
    with in_client(client_id):
        steps = RequestStep.objects.filter(facts__has_key="on").count()
        assert sum(one or 0 for one in counts) == steps == 8 + 6
