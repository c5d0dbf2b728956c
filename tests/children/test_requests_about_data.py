"""Guardians' requests for a copy or deletion, which become orders to every system."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from children.concerns.models import Concern
from children.concerns.request_rules import RequestBlocker, RequestKind, why_not_allowed
from children.concerns.services import (
    AlreadyClosed,
    AlreadyOrdered,
    NotADeletion,
    NothingReturnedYet,
    OrdersOpen,
    RequestNotAllowed,
    close_concern,
    confirm_deletion,
    open_copy,
    record_data_request,
)
from children.guardians.authority import Guardian, VerificationPeriod
from children.guardians.models import Guardianship
from children.guardians.selectors import GuardianshipUnknown
from children.guardians.services import change_guardian, end_guardian, record_verification
from paktaleem.directory.data_systems.models import Order
from paktaleem.directory.data_systems.results import Answer, Section
from paktaleem.directory.data_systems.services import accept_order, carry_out_by_hand, complete_order
from paktaleem.directory.data_systems.states import Outcome
from paktaleem.directory.people.models import AccessRecord
from paktaleem.directory.people.services import erase_subject
from paktaleem.foundation.accounts.actors import NotAllowed, person_actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from tests.access_links.visiting import send
from tests.api.callers import Caller
from tests.children.browsers import answer, by_contact, child_page
from tests.children.guardians import guardian_of, make_guardian, record_answer, verified_guardian
from tests.console.pages import list_url, row_url
from tests.factories import SETTING_UP
from tests.signing_in import browser_of

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
REQUESTS = "/api/v1/subjects/lms-danish/guardian-requests"


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Freeze the clock in the morning."""
    time_machine.move_to(AT, tick=False)
    return time_machine


@pytest.fixture
def indus(cast):
    """Run in the context of Indus."""
    with in_client(cast.client_id("indus")):
        yield cast


@pytest.fixture
def seen(indus):
    """Verify Danish's mother in person."""
    verified_guardian(indus.subject("danish"), indus.subject("esra"), at=AT)
    return indus


def weakly(cast):
    """Verify Danish's mother by two messages only."""
    row = guardian_of(cast.subject("danish"), cast.subject("esra"), at=AT)
    record_verification(row, method="email_plus", kept={}, actor=SETTING_UP, reason=Reason.SUBJECT_REQUEST, at=AT)
    return row


def mother(cast):
    return person_actor(cast.subject_id("esra"), cast.client_id("indus"), acts_for=cast.subject_id("danish"))


def ask(cast, wish, *, at=AT, actor=None, text=""):
    told = {"guardian": cast.subject("esra"), "wish": wish, "text": text}
    return record_data_request(cast.subject("danish"), **told, actor=actor or mother(cast), at=at)


def confirm(case, cast, *, by="farah", at=AT + DAY):
    return confirm_deletion(case, actor=cast.actor(by), reason=Reason.SUBJECT_REQUEST, at=at)


def close(case, cast, *, by="farah", outcome="acted", at=AT + 2 * DAY):
    return close_concern(case, outcome=outcome, actor=cast.actor(by), reason=Reason.SUBJECT_REQUEST, at=at)


def orders_of(case):
    return {one.system.code: one for one in Order.objects.filter(parent_id=case.pk).select_related("system")}


def kinds():
    return list(Entry.objects.filter(family="rights_request").order_by("pk").values_list("kind", flat=True))


# The complete flow


def test_a_copy_is_ordered_of_every_system_at_once_with_the_case_as_parent_and_thirty_days(seen):
    case = ask(seen, "copy", text="All of it.")
    told = orders_of(case)
    assert set(told) == {"lms", "billing"}
    assert {(one.kind, one.ground, one.parent_kind, one.due_at) for one in told.values()} == {
        ("collect", "right_of_the_person", "concern", AT + 30 * DAY)
    }
    assert {name for one in told.values() for name in one.categories} >= {"usage_logs", "content", "billing"}
    assert (case.ordered_at, case.due_at) == (AT, AT + 30 * DAY)
    assert kinds() == ["rights_request.received", "rights_request.ordered"]


def test_a_deletion_waits_for_the_client_whose_data_it_is(seen):
    case = ask(seen, "deletion")
    assert (orders_of(case), case.ordered_at) == ({}, None)
    for name in ("amina", "sana", "bilal"):
        with pytest.raises(NotAllowed):
            confirm(case, seen, by=name)
    case = confirm(case, seen)
    told = orders_of(case)
    assert {(code, one.kind, one.due_at) for code, one in told.items()} == {
        ("lms", "erase", AT + 30 * DAY),
        ("billing", "erase", AT + 30 * DAY),
    }
    assert (case.ordered_by, case.ordered_at) == (seen.user_id("farah"), AT + DAY)
    body = json.loads(Entry.objects.get(kind="rights_request.ordered").body)
    assert (body["actor"]["id"], body["facts"]["orders"]) == (str(seen.user_id("farah")), "2")
    with pytest.raises(AlreadyOrdered):
        confirm(case, seen)


def test_confirmed_after_its_day_there_is_a_day_left_to_do_it(seen):
    case = confirm(ask(seen, "deletion"), seen, at=AT + 40 * DAY)
    assert {one.due_at for one in orders_of(case).values()} == {AT + 41 * DAY}


def test_the_case_is_answered_when_every_system_has(seen):
    case = confirm(ask(seen, "deletion"), seen)
    told, key = orders_of(case), seen.key_actor("indus")
    done = Answer(Outcome.DONE, counts={"usage_logs": 3})
    complete_order(accept_order(told["lms"], actor=key, at=AT + DAY), done, actor=key, at=AT + DAY)
    with pytest.raises(OrdersOpen):
        close(case, seen)
    assert "rights_request.orders_answered" not in kinds()
    carry_out_by_hand(told["billing"], Answer(Outcome.NOT_FOUND), actor=seen.actor("amina"), at=AT + DAY)
    assert kinds()[-1] == "rights_request.orders_answered"
    assert close(case, seen).outcome == "acted"
    with pytest.raises(AlreadyClosed):
        confirm(case, seen)


LEFT = "The record here is left"


def test_when_every_system_has_answered_the_case_says_what_is_left_and_leads_who_may_to_erasing_it(cast):
    client_id = cast.client_id("indus")
    with in_client(client_id):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT)
        case = confirm(ask(cast, "deletion"), cast)
        told, key = orders_of(case), cast.key_actor("indus")
        done = Answer(Outcome.DONE, counts={"usage_logs": 3})
        complete_order(accept_order(told["lms"], actor=key, at=AT + DAY), done, actor=key, at=AT + DAY)
    amina, farah = (browser_of(cast.user(name)) for name in ("amina", "farah"))
    url, erase = (row_url(*at) for at in (("concerns/concern", case.pk), ("subjects/subject", case.child_id, "erase")))
    assert LEFT not in amina.get(url).content.decode(), "a system has still to answer"
    with in_client(client_id):
        carry_out_by_hand(told["billing"], Answer(Outcome.NOT_FOUND), actor=cast.actor("amina"), at=AT + DAY)
    for_officer, for_client = (one.get(url).content.decode() for one in (amina, farah))
    assert LEFT in amina.get(list_url("concerns/concern")).content.decode()
    for page in (for_officer, for_client):
        assert LEFT in page
        assert "Every system has answered" in page
    assert erase in for_officer
    assert erase not in for_client
    assert "A privacy officer of PakTaleem erases it" in for_client
    assert amina.get(erase).status_code == 200
    with in_client(client_id):
        erase_subject(case.child, actor=cast.actor("amina"), reason=Reason.SUBJECT_REQUEST, at=AT + DAY)
    after = amina.get(url).content.decode()
    assert LEFT not in after
    assert erase not in after
    with in_client(client_id):
        assert close(case, cast).outcome == "acted"


def test_of_a_copy_or_a_deletion_that_was_not_confirmed_nothing_is_said_to_be_left(cast):
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT)
        cases = [ask(cast, wish).pk for wish in ("copy", "deletion")]
    for case in cases:
        assert LEFT not in browser_of(cast.user("amina")).get(row_url("concerns/concern", case)).content.decode()


def test_what_systems_gave_is_handed_out_as_one_file_and_each_look_is_recorded(cast):
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT)
        case = ask(cast, "copy")
        with pytest.raises(NothingReturnedYet):
            open_copy(case, actor=cast.actor("farah"), reason=Reason.SUBJECT_REQUEST, at=AT)
        given = Answer(Outcome.DONE, sections=(Section("usage_logs", {"rows": [1, 2]}),))
        key = cast.key_actor("indus")
        complete_order(accept_order(orders_of(case)["lms"], actor=key, at=AT), given, actor=key, at=AT)
    url = row_url("concerns/concern", case.pk, "take-copy")
    taken = browser_of(cast.user("farah")).post(url, {"reason": "subject_request"})
    with zipfile.ZipFile(io.BytesIO(taken.content)) as bundle:
        [name] = bundle.namelist()
        assert name == "001-lms-usage_logs.json"
        assert json.loads(bundle.read(name)) == {"rows": [1, 2]}
    with in_client(cast.client_id("indus")):
        looks = AccessRecord.objects.filter(subject_id=case.child_id, actor_id=cast.user_id("farah"))
        assert [one.fields.split()[:2] for one in looks] == [["order", "part"]]


def test_asked_again_it_is_the_same_case(seen):
    assert ask(seen, "copy").pk == ask(seen, "copy", at=AT + DAY).pk
    assert len(orders_of(Concern.objects.get())) == 2


def test_to_keep_it_is_written_down_and_makes_no_case(seen):
    assert ask(seen, "keep") is None
    assert Entry.objects.filter(kind="guardian.data_kept").count() == 1
    assert not Concern.objects.exists()


def test_only_the_client_closes_a_deletion_that_it_must_confirm(seen):
    case = ask(seen, "deletion")
    with pytest.raises(NotAllowed):
        close(case, seen, by="amina")
    assert close(case, seen, outcome="declined").outcome == "declined"
    assert orders_of(case) == {}


# Requests that a guardian may not make


def test_a_guardian_known_by_two_letters_may_have_deleted_and_not_be_handed_a_copy(indus):
    weakly(indus)
    with pytest.raises(RequestNotAllowed) as refused:
        ask(indus, "copy")
    assert refused.value.why == RequestBlocker.TOO_WEAK
    assert ask(indus, "deletion") is not None


def test_an_unverified_guardian_can_make_no_request(indus):
    guardian_of(indus.subject("danish"), indus.subject("esra"), at=AT)
    for wish in ("copy", "deletion"):
        with pytest.raises(RequestNotAllowed) as refused:
            ask(indus, wish)
        assert refused.value.why == RequestBlocker.NOT_VERIFIED
    assert not Concern.objects.exists()


def test_a_guardian_who_may_not_receive_data_gets_no_copy(seen):
    change_guardian(Guardianship.objects.get(), changes={"may_receive_data": False}, actor=SETTING_UP, at=AT)
    with pytest.raises(RequestNotAllowed) as refused:
        ask(seen, "copy")
    assert refused.value.why == RequestBlocker.NOT_TOLD


def test_an_ex_guardian_a_stranger_and_another_in_their_name_ask_for_nothing(seen):
    stranger = make_guardian(seen.client("indus"), "stranger", at=AT)
    with pytest.raises(NotAllowed):
        ask(seen, "copy", actor=person_actor(stranger.pk, stranger.client_id, acts_for=seen.subject_id("danish")))
    with pytest.raises(NotAllowed):
        ask(seen, "copy", actor=seen.actor("bilal"))
    with pytest.raises(GuardianshipUnknown):
        record_data_request(seen.subject("hamza"), guardian=seen.subject("esra"), wish="copy", actor=SETTING_UP, at=AT)
    end_guardian(Guardianship.objects.get(), actor=SETTING_UP, at=AT + DAY)
    with pytest.raises(GuardianshipUnknown):
        ask(seen, "copy", at=AT + DAY)


def test_a_guardian_who_was_ended_meanwhile_has_nothing_deleted(seen):
    case = ask(seen, "deletion")
    end_guardian(Guardianship.objects.get(), actor=SETTING_UP, at=AT + timedelta(hours=1))
    with pytest.raises(GuardianshipUnknown):
        confirm(case, seen)
    assert orders_of(case) == {}


def test_a_copy_and_a_concern_are_no_deletions(seen):
    with pytest.raises(NotADeletion):
        confirm(ask(seen, "copy"), seen)


def test_each_obstacle_by_itself(now):
    known = _known(now, strength=2)
    assert why_not_allowed(RequestKind.COPY, known, may_receive_data=True, at=now) is None
    assert why_not_allowed(RequestKind.COPY, known, may_receive_data=False, at=now) == RequestBlocker.NOT_TOLD
    weak = _known(now, strength=1)
    assert why_not_allowed(RequestKind.COPY, weak, may_receive_data=True, at=now) == RequestBlocker.TOO_WEAK
    assert why_not_allowed(RequestKind.DELETION, weak, may_receive_data=False, at=now) is None
    late = now + 2 * DAY
    assert why_not_allowed(RequestKind.DELETION, known, may_receive_data=True, at=late) == RequestBlocker.NOT_VERIFIED
    assert why_not_allowed(RequestKind.KEEP, known, may_receive_data=False, at=late) is None


def _known(now, *, strength):
    live = VerificationPeriod(strength, now - DAY, now + DAY)
    return Guardian(uuid4(), uuid4(), now - DAY, may_consent=True, verified=(live,))


def test_another_client_sees_nothing(cast):
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT)
        case = ask(cast, "deletion")
        with pytest.raises(NotAllowed):
            confirm(case, cast, by="celia")
    with in_client(cast.client_id("khyber")):
        assert not Concern.objects.exists()
    assert browser_of(cast.user("celia")).get(row_url("concerns/concern", case.pk)).status_code == 404


def test_the_database_refuses_orders_for_a_concern_and_a_second_open_request(seen):
    case = ask(seen, "deletion")
    with pytest.raises(IntegrityError, match="concern_ordered_by_someone"), transaction.atomic():
        Concern.objects.filter(pk=case.pk).update(ordered_at=AT)
    values = {field.attname: getattr(case, field.attname) for field in Concern._meta.fields if field.name != "id"}
    with pytest.raises(IntegrityError, match="concern_one_open_request"), transaction.atomic():
        Concern(**{**values, "number": "22222222"}).save(force_insert=True)


# Page, API and console


def test_the_page_says_which_requests_are_not_possible_and_what_helps(cast):
    with in_client(cast.client_id("indus")):
        weakly(cast)
    browser, url = by_contact(), child_page(cast, more="data/")
    page = browser.get(url, {"lang": "en"}).content.decode()
    assert 'value="copy"' not in page
    assert 'value="deletion"' in page
    assert "Go to the school in person" in page
    assert send(browser, url, wish="copy").status_code == 422


def test_the_page_shows_how_far_a_request_is(cast):
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT)
    browser, url = by_contact(), child_page(cast, more="data/")
    assert send(browser, url, wish="deletion").headers["Location"].endswith("done=asked_deletion")
    assert send(browser, url, wish="copy").headers["Location"].endswith("done=asked_copy")
    page = browser.get(url, {"lang": "en"}).content.decode()
    assert "Waits for the school to confirm it" in page
    assert "0 of 2 systems have answered" in page


def test_after_taking_back_on_the_page_the_answer_becomes_orders(cast):
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT)
    browser = by_contact()
    answer(browser, child_page(cast, more="service/"), "give")
    done = send(browser, child_page(cast, more="withdraw/"), form_at=child_page(cast))
    question = done.headers["Location"]
    assert "What should happen" in browser.get(question + "&lang=en").content.decode()
    send(browser, child_page(cast, more="data/"), wish="deletion")
    with in_client(cast.client_id("indus")):
        case = Concern.objects.get()
    browser_of(cast.user("farah")).post(
        row_url("concerns/concern", case.pk, "confirm-deletion"), {"reason": "subject_request"}
    )
    with in_client(cast.client_id("indus")):
        assert {one.kind for one in orders_of(case).values()} == {"erase"}


def test_a_withdrawal_by_api_asks_about_the_data_and_the_answer_becomes_orders(cast):
    with in_client(cast.client_id("indus")):
        verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT - DAY)
        record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=AT - DAY)
    platform = Caller(cast.key("indus"))
    said = {"guardian": "lms-esra", "decision": "withdrawn"}
    withdrawn = platform.post("/api/v1/subjects/lms-danish/guardian-authorisations", said)
    assert withdrawn.json()["ask_about_data"] is True
    copied = platform.post(REQUESTS, {"guardian": "lms-esra", "wish": "copy"})
    assert (copied.status_code, copied.json()["state"]) == (201, "ordered")
    waits = platform.post(REQUESTS, {"guardian": "lms-esra", "wish": "deletion"})
    assert (waits.json()["state"], waits.json()["due_at"]) == ("waits_for_client", "2026-12-31T09:00:00Z")
    kept = platform.post(REQUESTS, {"guardian": "lms-esra", "wish": "keep"})
    assert (kept.json()["state"], kept.json()["id"]) == ("kept", None)
    with in_client(cast.client_id("indus")):
        assert Order.objects.filter(parent_id=copied.json()["id"]).count() == 2


def test_the_api_refuses_a_request_with_the_reason(cast):
    with in_client(cast.client_id("indus")):
        weakly(cast)
    refused = Caller(cast.key("indus")).post(REQUESTS, {"guardian": "lms-esra", "wish": "copy"})
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:paktaleem:problem:guardian-may-not-ask"
    assert "two messages" in refused.json()["errors"][0]["detail"]


def test_in_the_console_a_withdrawal_leads_to_the_question(cast):
    with in_client(cast.client_id("indus")):
        row = verified_guardian(cast.subject("danish"), cast.subject("esra"), at=AT - DAY)
        record_answer(cast.subject("danish"), cast.subject("esra"), "given", at=AT - DAY)
    browser = browser_of(cast.user("farah"))
    url = row_url("children/guardianship", row.pk, "answer")
    led = browser.post(url, {"decision": "withdrawn", "shares": "", "route": "in_person"})
    question = row_url("children/guardianship", row.pk, "data")
    assert led.headers["Location"] == question
    assert browser.post(question, {"wish": "deletion"}).status_code == 302
    listed = browser.get(list_url("concerns/concern")).content.decode()
    assert "The client must confirm" in listed
