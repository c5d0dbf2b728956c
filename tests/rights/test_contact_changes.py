"""A correction of a contact is reported to the contacts that were on file before, without the new one."""

from typing import Any

import pytest
from django.core import mail
from django.utils.timezone import now

from paktaleem.directory.access_links.services import count_rights_message
from paktaleem.directory.mail.models import Letter
from paktaleem.directory.people.services.people import register_subject
from paktaleem.foundation.audit.actors import Reason
from rights.rectifications.services import Statement, add_correction, correct_person
from rights.requests.services.decisions import decide_part
from tests.access_links.visiting import work
from tests.factories import CAST_AT, SETTING_UP
from tests.rights.cases import add_phone, part_of, received

HAMZA, NEW = "hamza.lodhi@students.example", "hamza.new@mail.example"
OLD_NUMBER, NEW_NUMBER = "+923007654321", "+923001112223"


@pytest.fixture(autouse=True)
def _texts(settings, tmp_path):
    settings.MAIL_FOLDER = str(tmp_path)
    settings.TEXT_PROVIDER = "paktaleem.directory.mail.delivery.FolderProvider"


def correct(cast, field, value):
    told = {"actor": cast.actor("farah"), "reason": Reason.SUBJECT_REQUEST, "at": now()}
    correct_person(cast.subject("hamza"), field=field, value=value, **told)


def notices():
    """Channel of every notice, and whether it goes to a contact that is no longer on file."""
    return list(Letter.objects.filter(kind="contact_changed").order_by("pk").values_list("channel", "to_address"))


def texts(folder):
    return [file.read_text() for file in sorted(folder.iterdir())]


def test_the_previous_address_learns_that_it_was_changed_and_how_to_object(cast, indus):
    correct(cast, "email", NEW)
    assert notices() == [("mail", True)]
    work()
    [sent] = mail.outbox
    assert sent.to == [HAMZA]
    assert "/requests/indus/" in sent.body
    said = f"{sent.subject}\n{sent.message()}"
    assert not any(one in said for one in (NEW, "Hamza Lodhi", "lms-hamza"))
    letter = Letter.objects.get()
    assert (letter.state, letter.address, letter.wrapped) == ("sent", None, None), "the address is deleted"


@pytest.mark.parametrize("value", [NEW, ""])
def test_a_granted_rectification_is_reported_too_and_belongs_to_its_request(cast, indus, value):
    request = received(cast, "rectification", at=now())
    add_correction(request, Statement(field="email", new_value=value), actor=cast.actor("farah"), at=now())
    decide_part(part_of(request), decision="granted", actor=cast.actor("farah"), at=now())
    assert notices() == [("mail", True)]
    assert Letter.objects.get(kind="contact_changed").related_id == request.pk
    work()
    assert [one.to for one in mail.outbox if "/requests/indus/" in one.body] == [[HAMZA]]


def test_a_changed_number_is_reported_to_the_previous_number_and_the_address(cast, indus, tmp_path):
    add_phone(cast, phone=OLD_NUMBER)
    correct(cast, "phone", NEW_NUMBER)
    assert notices() == [("mail", False), ("text", True)]
    work()
    assert [one.to for one in mail.outbox] == [[HAMZA]]
    [text] = texts(tmp_path)
    assert text.startswith(f"To: {OLD_NUMBER}\n")
    assert "/requests/indus/" in text
    assert not any(one in text for one in (NEW_NUMBER, "Hamza"))


def test_a_changed_address_is_reported_to_the_number_on_file_too(cast, indus, tmp_path):
    add_phone(cast, phone=OLD_NUMBER)
    correct(cast, "email", NEW)
    assert notices() == [("mail", True), ("text", False)]
    work()
    assert [one.to for one in mail.outbox] == [[HAMZA]]
    assert [one.startswith(f"To: {OLD_NUMBER}\n") for one in texts(tmp_path)] == [True]


def test_a_number_that_is_added_is_reported_to_the_address(cast, indus):
    correct(cast, "phone", NEW_NUMBER)
    assert notices() == [("mail", False)]


def test_other_fields_and_the_same_value_are_not_reported(cast, indus):
    correct(cast, "full_name", "Hamza Lodhi Khan")
    correct(cast, "email", HAMZA)
    assert notices() == []


def test_used_up_messages_of_the_day_do_not_hold_the_notice_back(cast, indus):
    while count_rights_message(cast.subject("hamza")):
        pass
    correct(cast, "email", NEW)
    work()
    assert [one.to for one in mail.outbox] == [[HAMZA]]


@pytest.mark.parametrize(
    ("before", "sent"), [("hamza@مثال.example", ["hamza@xn--mgbh0fb.example"]), (f"hamza@{'م' * 60}.example", [])]
)
def test_a_domain_in_another_script_is_reached_or_does_not_stop_the_correction(cast, indus, before, sent):
    by: dict[str, Any] = {"actor": SETTING_UP, "at": CAST_AT}
    register_subject("lms-hamza", client=cast.client("indus"), details={"email": before}, **by)
    correct(cast, "email", NEW)
    work()
    assert [one.to[0] for one in mail.outbox] == sent
