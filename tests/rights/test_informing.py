"""A person learns at their other contacts of every request that is made or confirmed in their name."""

from datetime import timedelta
from typing import Any

from django.core import mail
from django.utils import timezone

from children.guardians.services.guardians import change_guardian, end_guardian
from paktaleem.directory.access_links.services import count_rights_message
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.tenancy.context import in_client
from rights.desk.models import RequestTask
from rights.requests.models import RequestStep
from rights.requests.services.closing import answer_request
from rights.requests.services.intake import assign_person, confirm_own_request, receive_request, verify_identity
from tests.children.browsers import work
from tests.children.guardians import guardian_of, make_guardian, verified_guardian
from tests.factories import CAST_AT, SETTING_UP
from tests.rights.cases import AT, add_phone, asked_by_guardian, decided, own, received, verified


def sent():
    found = Letter.objects.select_related("subject").order_by("pk")
    return [(one.kind, one.subject.external_id or "") for one in found if one.subject is not None]


def tasks():
    return [(one.kind, one.is_done) for one in RequestTask.objects.order_by("pk")]


def by_form(cast, subject="hamza"):
    return received(cast, "access", "erasure", subject=subject, identity="", channel="telephone")


def confirm(cast, request, subject="hamza"):
    return confirm_own_request(request, by_code=True, actor=own(cast, subject), at=AT)


def test_the_person_is_informed_by_email_and_text_of_a_request_made_in_their_name(cast, indus):
    add_phone(cast)
    request = by_form(cast)
    assert sent() == [("rights_received", "lms-hamza")]
    assert tasks() == [("call", False)]
    assert RequestTask.objects.get().due_on == AT.date()
    step = RequestStep.objects.get(request=request, kind="informed")
    assert step.facts == {"guardians": 0, "task": "call"}


def test_a_code_to_the_mailbox_informs_email_and_number_and_leaves_one_task(cast, indus):
    add_phone(cast)
    confirm(cast, by_form(cast))
    assert sent() == [("rights_received", "lms-hamza"), ("rights_verified", "lms-hamza")]
    assert tasks() == [("call", False)]


def test_guardians_of_a_child_are_informed_but_not_barred_or_former_ones(cast, indus):
    danish, later = cast.subject("danish"), CAST_AT + timedelta(hours=1)
    guardian_of(danish, cast.subject("esra"), at=CAST_AT)
    others = [make_guardian(cast.client("indus"), name, at=CAST_AT) for name in ("barred", "former")]
    for one in others:
        changed = {"email": f"{one.external_id}@mail.example"}
        by: dict[str, Any] = {"actor": SETTING_UP, "at": CAST_AT}
        register_subject(one.external_id or "", client=cast.client("indus"), details=changed, **by)
    barred, former = (guardian_of(danish, one, at=CAST_AT) for one in others)
    change_guardian(barred, changes={"court_order": True}, actor=SETTING_UP, at=later)
    end_guardian(former, actor=SETTING_UP, at=later)
    request = by_form(cast, "danish")
    assert sent() == [("rights_guardian_informed", "lms-esra")]
    assert Letter.objects.get().language == "ur", "in the guardian's language"
    assert tasks() == [("inform", False)], "the child has neither email nor number"
    verify_identity(request, actor=cast.actor("farah"), at=AT)
    assert sent()[1:] == [("rights_guardian_informed", "lms-esra")]


def test_of_a_guardians_request_only_that_guardian_is_informed(cast, indus):
    danish, esra = cast.subject("danish"), cast.subject("esra")
    verified_guardian(danish, esra, at=CAST_AT)
    father = make_guardian(cast.client("indus"), "father", at=CAST_AT)
    guardian_of(danish, father, at=CAST_AT)
    for one in (danish, father):
        changed = {"email": f"{one.external_id}@mail.example"}
        register_subject(one.external_id or "", client=danish.client, details=changed, actor=SETTING_UP, at=CAST_AT)
    request = asked_by_guardian(cast, "deletion", identity="", channel="telephone", actor=cast.actor("sana"))
    assert sent() == [("rights_received", "lms-esra")]
    assert tasks() == [("call", False)], "the guardian has a number on file, the child has none"
    verify_identity(request, actor=cast.actor("farah"), at=AT)
    assert sent()[1:] == [("rights_verified", "lms-esra")]
    asked_by_guardian(cast, "objection")
    assert sent()[2:] == [("rights_received", "lms-esra")]
    assert len(tasks()) == 1, "verified, and reached by email"


def test_the_emails_lead_a_guardian_to_their_own_page(cast):
    with in_client(cast.client_id("indus")):
        verified(cast, at=CAST_AT)
        request = asked_by_guardian(cast, "deletion", identity="", channel="telephone", actor=cast.actor("sana"))
        verify_identity(request, actor=cast.actor("farah"), at=AT)
        received(cast, "access")
    work()
    shown = [("/guardian/indus/" in one.body, "/requests/follow/indus/" in one.body) for one in mail.outbox]
    assert sorted(shown) == [(False, True), (True, False), (True, False)]


def test_a_person_signed_in_by_the_platform_is_emailed_and_not_called(cast, indus):
    add_phone(cast)
    received(cast, "access")
    assert sent() == [("rights_received", "lms-hamza")]
    assert tasks() == []


def test_a_person_to_whom_staff_assign_a_request_learns_of_it(cast, indus):
    request = received(cast, "access", subject=None, channel="form")
    assert sent() == []
    assign_person(request, subject=cast.subject("hamza"), actor=cast.actor("farah"), at=AT)
    assert sent() == [("rights_received", "lms-hamza")]


def test_three_messages_a_day_then_staff_inform_the_person(cast, indus):
    for _ in range(4):
        by_form(cast)
    assert sent() == [("rights_received", "lms-hamza")] * 3
    assert tasks() == [("inform", False)]
    found = RequestStep.objects.filter(kind="acknowledged").order_by("at", "id").values_list("facts__sent", flat=True)
    assert list(found) == [True, True, True, False]
    assert not count_rights_message(cast.subject("hamza"))


def test_an_address_is_counted_over_all_clients_and_people(cast):
    details = {"role": "learner", "full_name": "Hamza", "email": "HAMZA.Lodhi@students.example"}
    by: dict[str, Any] = {"actor": SETTING_UP, "at": CAST_AT}
    with in_client(cast.client_id("khyber")):
        twin, _ = register_subject("lms-twin", client=cast.client("khyber"), details=details, **by)
        given: dict[str, Any] = {"channel": "telephone", "language": "en", "actor": SETTING_UP, "at": AT}
        for _ in range(2):
            receive_request(cast.client("khyber"), kinds=["access"], subject=twin, **given)
    with in_client(cast.client_id("indus")):
        for _ in range(2):
            by_form(cast)
        assert len(sent()) == 1


def test_an_answer_is_not_sent_to_a_contact_that_changed_after_the_identity_was_verified(cast, indus):
    request = decided(cast, received(cast, "complaint"))
    changed = {"email": "impostor@mail.example"}
    register_subject("lms-hamza", client=cast.client("indus"), details=changed, actor=SETTING_UP, at=AT)
    answer_request(request, text="Here it is.", actor=cast.actor("farah"), at=AT + timedelta(hours=71))
    assert [kind for kind, _ in sent()] == ["rights_received"]
    assert RequestStep.objects.get(kind="answered").facts == {"sent": False}


def moved(cast, at, **changed):
    register_subject("lms-hamza", client=cast.client("indus"), details=changed, actor=SETTING_UP, at=at)


def replaced():
    """Channel of every notice to a previous contact, and whether it goes to a contact that is no longer on file."""
    found = Letter.objects.filter(kind="rights_replaced_contact").order_by("pk")
    return list(found.values_list("channel", "to_address"))


def test_a_code_to_a_new_contact_informs_the_contacts_that_the_platform_replaced(cast, indus):
    add_phone(cast)
    moved(cast, AT - timedelta(days=4), email="impostor@mail.example", phone="+923001112223")
    request = by_form(cast)
    assert replaced() == [], "nothing is verified yet"
    confirm(cast, request)
    assert replaced() == [("mail", True), ("text", True)]
    assert RequestStep.objects.filter(kind="informed").latest("at", "id").facts["previous"] == 2


def test_the_notice_to_a_replaced_contact_names_neither_the_person_nor_the_new_contact(cast):
    now = timezone.now()
    with in_client(cast.client_id("indus")):
        moved(cast, now - timedelta(days=4), email="impostor@mail.example")
        request = received(cast, at=now)
    work()
    [notice] = [one for one in mail.outbox if one.to == ["hamza.lodhi@students.example"]]
    assert "/requests/indus/" in notice.body
    said = f"{notice.subject}\n{notice.message()}"
    assert not any(one in said for one in ("impostor@", "Hamza Lodhi", "lms-hamza", request.number))


def test_a_replaced_contact_is_informed_once_and_again_after_another_change_before_the_answer(cast, indus):
    moved(cast, AT - timedelta(days=40), email="second@mail.example")
    request = decided(cast, received(cast, "complaint"))
    assert replaced() == [("mail", True)]
    moved(cast, AT + timedelta(days=1), email="third@mail.example")
    answer_request(request, text="Here it is.", actor=cast.actor("farah"), at=AT + timedelta(days=5))
    assert replaced() == [("mail", True)] * 2


def test_a_contact_that_was_replaced_long_ago_is_left_in_peace(cast, indus):
    moved(cast, AT, email="second@mail.example")
    received(cast, at=AT + timedelta(days=91))
    assert replaced() == []


def test_strangers_do_not_use_up_the_acknowledgement_of_a_verified_request(cast, indus):
    for _ in range(4):
        by_form(cast)
    received(cast, "rectification")
    assert sent() == [("rights_received", "lms-hamza")] * 4
    for _ in range(12):
        received(cast, "question")
    assert len(sent()) == 13, "ten a day for verified requests of one person"
