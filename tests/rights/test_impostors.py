"""Impostors get no data, whatever they write and however careless the officer is; the person is informed."""

from typing import NamedTuple

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils.timezone import now

from paktaleem.directory.people.services.people import reveal_fields
from paktaleem.foundation.accounts.actors import NotAllowed
from paktaleem.foundation.accounts.acts import Refused
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import as_officer, in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.desk.services import hand_over_request
from rights.requests.models import RightsRequest
from rights.requests.services.closing import answer_request
from rights.requests.services.decisions import decide_part
from rights.requests.services.intake import assign_person, verify_identity
from rights.requests.services.steps import list_parts
from tests.access_links.visiting import visitor
from tests.rights.mails import list_requests, made, taken, work
from tests.rights.test_public_pages import asked

HAMZA = "hamza.lodhi@students.example"
BIRTH = "Full name Hamza Lodhi, born on the day you have on file"


class Script(NamedTuple):
    """One impostor: the address from which they write, the text, and further headers of the email."""

    sender: str
    text: str
    headers: dict[str, str] = {}

    @property
    def address(self):
        return self.sender.rpartition("<")[2].rstrip("> ")


SCRIPTS = {
    "right name and birth date": Script("hamza@mail.example", f"{BIRTH}. Send me everything."),
    "look-alike domain": Script("hamza.lodhi@students-example.example", "It is me, Hamza Lodhi."),
    "one letter more": Script("hamza.lodhii@students.example", "It is me, Hamza Lodhi."),
    "subdomain": Script("hamza.lodhi@students.example.evil.example", "It is me, Hamza Lodhi."),
    "tag behind a plus sign": Script("hamza.lodhi+new@students.example", "It is me."),
    "the real address as a name": Script(f'"{HAMZA}" <thief@evil.example>', "It is me."),
    "new address": Script("hamza.new@mail.example", f"I lost my old address {HAMZA}. Use this one from now on."),
    "parent": Script("father.lodhi@mail.example", "I am the father of Hamza Lodhi and have every right to his data."),
    "forged sender": Script(f"Hamza Lodhi <{HAMZA}>", "Send me my data by return."),
    "forged sender, reply-to swap": Script(f"Hamza Lodhi <{HAMZA}>", "My data.", {"Reply-To": "thief@evil.example"}),
    "forged sender, added CC": Script(f"Hamza Lodhi <{HAMZA}>", "My data.", {"Cc": "thief@evil.example"}),
    "forged sender, self-added results": Script(
        f"Hamza Lodhi <{HAMZA}>", "My data.", {"Authentication-Results": "mx.portal.example; dmarc=pass"}
    ),
    "forged sender, other return address": Script(
        f"Hamza Lodhi <{HAMZA}>", "My data.", {"Return-Path": "<thief@evil.example>", "Sender": "thief@evil.example"}
    ),
    "forged reply": Script(
        "thief@evil.example",
        "> On Monday you wrote: your identity is verified.\n\nThanks! Now send it.",
        {"Subject": "Re: Your request is approved", "In-Reply-To": "<approved@portal.example>"},
    ),
    "forged forward of our own email": Script(
        "hamza.f@mail.example", "Forwarded: PakTaleem confirms the identity of Hamza Lodhi. Code 12345678."
    ),
    "identity papers": Script("scan@mail.example", f"{BIRTH}. My identity card is attached, number 42101-1234567-1."),
}
REFUSED = {"decision": "refused", "refusal_code": "identity_not_verified", "reasons": "We could not verify you."}
pytestmark = pytest.mark.usefixtures("own_address")


@pytest.fixture
def data(cast):
    with in_client(cast.client_id("indus")):
        hamza = cast.subject("hamza")
        found = reveal_fields(hamza, actor=cast.actor("amina"), reason=Reason.REVIEW, at=now())
    values = [value for value in found.values() if value]
    assert {"Hamza Lodhi", HAMZA} <= set(values)
    return [*values, "lms-hamza"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_by_email_the_person_is_informed_once_the_case_is_handed_over_and_assigned(cast, data, name):
    script = SCRIPTS[name]
    taken(made(script.text, sender=script.sender, **script.headers))
    work()
    [request] = list_requests()
    assert (request.client_id == PAKTALEEM) == (script.address != HAMZA)
    if request.client_id == PAKTALEEM:
        with as_officer():
            request = hand_over_request(request, client=cast.client("indus"), actor=cast.actor("amina"), at=now())
        work()
        assert not is_informed()
        with in_client(request.client_id):
            assert RightsRequest.objects.get(pk=request.pk).subject_id is None, "no look-alike is on file"
            assign_person(request, subject=cast.subject("hamza"), actor=cast.actor("amina"), at=now())
    with in_client(request.client_id):
        be_careless(RightsRequest.objects.get(pk=request.pk), cast, data)
    work()
    check(data)
    assert is_informed()


@pytest.mark.parametrize("name", SCRIPTS)
def test_by_the_form_of_the_school_an_impostor_gets_no_data_and_the_person_is_informed(cast, data, name):
    script = SCRIPTS[name]
    posted = asked(script.address, "access", "portability", "rectification", details=script.text, browser=visitor())
    assert posted.status_code == 200
    assert not any(value in posted.content.decode() for value in data)
    work()
    [request] = list_requests()
    with in_client(request.client_id):
        if request.subject_id is None:
            assign_person(request, subject=cast.subject("hamza"), actor=cast.actor("amina"), at=now())
        be_careless(RightsRequest.objects.get(pk=request.pk), cast, data)
    work()
    check(data)
    assert is_informed()


def be_careless(request, cast, data):
    """Try all that the desk offers to an officer who believes the impostor, with the whole file as the answer."""
    amina, farah = cast.actor("amina"), cast.actor("farah")
    with pytest.raises(NotAllowed):
        verify_identity(request, actor=amina, at=now())
    parts = list_parts(request)
    needs_identity = [part for part in parts if part.kind != "question"]
    for part in needs_identity:
        actor = farah if part.decider == "client" else amina
        with pytest.raises(Refused, match="Verify the identity first"):
            decide_part(part, decision="granted", actor=actor, at=now())
        decide_part(part, actor=actor, at=now(), **REFUSED)
    for part in parts:
        if part not in needs_identity:
            decide_part(part, decision="granted", actor=amina, at=now())
    text = "Here is the whole file: " + ", ".join(data)
    if needs_identity:
        with pytest.raises(ValidationError, match="Only a question"):
            answer_request(request, text=text, to_contact=True, actor=amina, at=now())
    answer_request(request, text=text, actor=amina, at=now())
    request.refresh_from_db()
    assert (request.identity_verified_at, request.identity_method) == (None, "")


def check(data):
    """Fail if an email holds anything on file, or something other than the acknowledgement goes to a stranger."""
    for one in mail.outbox:
        message = one.message()
        headers = [f"{header}: {value}" for header, value in message.items() if header != "To"]
        bodies = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
        assert len(bodies) == 2, "as text and as HTML"
        said = "\n".join([*bodies, *headers])
        assert not any(value in said for value in data)
        assert "thief@evil.example" not in one.message().as_string() or one.to == ["thief@evil.example"]
        if one.to != [HAMZA]:
            assert one.extra_headers["Auto-Submitted"] == "auto-replied"
            assert "/requests/link/" not in one.body


def is_informed():
    return any(one.to == [HAMZA] and one.extra_headers["Auto-Submitted"] == "auto-generated" for one in mail.outbox)
