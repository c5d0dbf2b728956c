"""A copy of a person's data has what the parts of a rights request hold about them, with the sealed texts opened."""

import tracemalloc
from datetime import timedelta

import pytest
from django.db import connection

from paktaleem.directory.people.copies.declarations import Reader
from paktaleem.directory.people.copies.sections import list_sections
from paktaleem.directory.people.selectors import sealer_of
from paktaleem.foundation.tenancy.context import in_client
from retention.schedule.services import HoldScope, place_hold
from rights.desk.cases import open_case
from rights.desk.services import add_task, send_letter
from rights.rectifications.services import Statement, add_correction
from rights.requests.models import RightsRequest
from tests.erasures.steps import proposed
from tests.faults.size import sized
from tests.rights.cases import AT, decided, received
from tests.rights.mails import US, made, taken, work
from tests.rights.packing import answered, build, package_of

TODAY = AT.date()


@pytest.fixture(autouse=True)
def clock(time_machine, settings):
    time_machine.move_to(AT, tick=False)
    settings.MAILBOX_ADDRESS = US


def rows_of(person):
    reader = Reader(person, sealer_of(person))
    return {section.code: list(section.read(reader)) for section in list_sections()}


def told(cast):
    return {"actor": cast.actor("farah"), "at": AT}


def with_everything(cast):
    request = received(cast, "rectification", "complaint")
    stated = Statement(field="full_name", old_value="Hamza Lodi", new_value="Hamza Khan", evidence="My certificate")
    add_correction(request, stated, **told(cast))
    decided(cast, request)
    proposed(cast)
    open_case(request, authority="Data Protection Commission", reference="IN-1", opened_on=TODAY, **told(cast))
    send_letter(request, occasion="clarification", text="Which name?", way="by_hand", **told(cast))
    add_task(request, kind="other", due_on=TODAY + timedelta(days=2), detail="Ask the teacher", **told(cast))
    return request


def test_texts_of_every_part_are_in_the_copy(cast, indus):
    request = with_everything(cast)
    found = rows_of(cast.subject("hamza"))
    [correction] = found["corrections"]
    assert (correction["number"], correction["evidence"]) == (request.number, "My certificate")
    assert (correction["old_value"], correction["new_value"]) == ("Hamza Lodi", "Hamza Khan")
    [value] = found["corrected_values"]
    assert (value["old_value"], value["new_value"]) == ("Hamza Lodhi", "Hamza Khan")
    assert [row["reference"] for row in found["authority_cases"]] == ["IN-1"]
    assert [row["text"] for row in found["request_letters"]] == ["Which name?"]
    assert [(row["task"], row["detail"]) for row in found["request_tasks"]] == [("other", "Ask the teacher")]
    assert [(row["extent"], row["state"]) for row in found["erasures"]] == [("whole", "proposed")]


def test_once_the_texts_are_deleted_the_rows_stay_without_them(cast, indus):
    request = with_everything(cast)
    RightsRequest.objects.filter(pk=request.pk).update(wrapped=None)
    found = rows_of(cast.subject("hamza"))
    assert [row["new_value"] for row in found["corrections"]] == [None]
    assert [row["reference"] for row in found["authority_cases"]] == [None]
    assert [row["text"] for row in found["request_letters"]] == [None]
    assert [row["detail"] for row in found["request_tasks"]] == [None]


def test_emails_are_in_the_copy_of_the_person_to_whom_their_request_belongs(cast):
    taken(made("What do you have about me?", sender="hamza.lodhi@students.example"))
    work()
    with in_client(cast.client_id("indus")):
        found, others = (rows_of(cast.subject(name))["support_emails"] for name in ("hamza", "junaid"))
    question = ("in", "A question", "What do you have about me?")
    assert [(row["direction"], row["subject"], row["text"]) for row in found] == [question, ("out", None, None)]
    assert others == []


def test_a_hold_on_the_person_is_in_their_copy_and_a_hold_on_all_data_is_in_none(cast, indus):
    client, person = cast.client("indus"), cast.subject("hamza")
    placed = {"kind": "legal", "review_on": TODAY + timedelta(days=30), **told(cast)}
    place_hold(client, scope=HoldScope(subject=person), ground="A dispute", **placed)
    place_hold(client, scope=HoldScope(), ground="An audit", **placed)
    [held] = rows_of(person)["holds"]
    assert held["kind"] == "legal"
    assert "A dispute" not in str(held), "the ground may harm proceedings"


ROWS = sized(15_000, 100_000)
MOST_BYTES = sized(8_000_000, 40_000_000)
"""A copy of the rows alone would take five hundred bytes each."""
FILL = """
INSERT INTO audit_entry
    (id, client_id, kind, subject_id, actor_kind, actor_id, actor_role, recorded_at, body, leaf_hash)
SELECT gen_random_uuid(), %s, 'subject.changed', %s, 'system', gen_random_uuid(), 'system', now(),
    repeat('x', 400), '\\x00'::bytea
FROM generate_series(1, %s)
"""


@pytest.fixture
def memory():
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_many_entries_need_no_more_memory_than_a_few(cast, indus, memory):
    del memory
    request = decided(cast, received(cast))
    answered(cast, request)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [request.client_id, request.subject_id, ROWS])
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    assert build(request) is not None
    assert tracemalloc.get_traced_memory()[1] - before < MOST_BYTES
    subject = cast.subject("hamza")
    ledger = next(one for one in list_sections() if one.code == "ledger")
    assert sum(1 for _row in ledger.read(Reader(subject, sealer_of(subject)))) > ROWS
    assert package_of(request).state == "ready"
