"""The mailbox at the desk: the list, reading, downloads, what was set aside, and the answer to a question."""

import pytest
from django.core import mail

from paktaleem.directory.files.models import SealedFile
from paktaleem.foundation.audit.models import Entry
from paktaleem.foundation.tenancy.context import in_client
from rights.mailbox.models import MailMessage
from rights.requests.services.decisions import decide_part
from rights.requests.services.steps import list_parts
from tests.console.pages import list_url, row_url
from tests.rights.cases import AT, absent
from tests.rights.mails import SENDER, list_requests, made, taken, work

MESSAGE, REQUEST = "mailbox/mailmessage", "requests/rightsrequest"
SCRIPT = "<script>alert(1)</script>"
pytestmark = pytest.mark.usefixtures("own_address")


def with_file():
    file = ('a"b\u202e.html', SCRIPT.encode())
    return taken(made(f"Please {SCRIPT}", sender=f'"{SCRIPT}" <{SENDER}>', file=file, Subject=SCRIPT))


def entries(kind, message):
    with in_client(message.client_id):
        return Entry.objects.filter(kind=kind).count()


def test_the_list_shows_direction_state_and_case_and_nothing_of_the_text(sign_in, cast):
    with_file()
    work()
    taken(made(Precedence="bulk"))
    amina = sign_in("amina")
    page = amina.get(list_url(MESSAGE)).content.decode()
    number = list_requests()[0].number
    assert absent(page, "Received", "Sent", "Became a request", "Acknowledgement", "Set aside", number) == []
    assert SENDER not in page
    first = amina.get("/admin/").content.decode()
    assert f"{list_url(MESSAGE)}?progress=open" in first
    waiting = amina.get(f"{list_url(MESSAGE)}?progress=open").content.decode()
    assert ("Set aside" in waiting, number in waiting) == (True, False)


def test_reading_is_recorded_and_shows_scripts_as_text(sign_in, cast):
    message = with_file()
    for name, status in (("sana", 403), ("bilal", 403), ("amina", 200)):
        assert sign_in(name).get(row_url(MESSAGE, message.pk, "read")).status_code == status
    amina = sign_in("amina")
    assert SCRIPT not in amina.get(row_url(MESSAGE, message.pk)).content.decode()
    page = amina.post(row_url(MESSAGE, message.pk, "read"), {"reason": "review"}).content.decode()
    assert ("Please &lt;script&gt;" in page, SCRIPT in page) == (True, False)
    assert entries("message.read", message) == 1
    on_request = amina.post(row_url(REQUEST, message.request_id, "messages"), {"reason": "review"}).content.decode()
    assert "Please &lt;script&gt;" in on_request
    assert entries("rights_request.read", message) == 1
    panel = amina.get(row_url(REQUEST, message.request_id)).content.decode()
    assert row_url(MESSAGE, message.pk) in panel


def test_a_file_is_downloaded_as_bytes_of_no_type(sign_in, cast):
    message, amina = with_file(), sign_in("amina")
    with in_client(message.client_id):
        file = SealedFile.objects.get(package=message.pk)
    url = row_url(MESSAGE, message.pk, "file")
    form = amina.get(url).content.decode()
    assert ("File 1" in form, "a&quot;b" in form) == (True, False)
    answer = amina.post(url, {"file": str(file.pk), "reason": "review"})
    assert answer.content == SCRIPT.encode()
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a_b.html"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert entries("message.file_taken", message) == 1
    other = amina.post(url, {"file": "01900000-0000-7000-8000-000000000001", "reason": "review"})
    assert other.status_code == 200, "the form with an error"
    assert entries("message.file_taken", message) == 1


def test_an_officer_makes_a_request_of_one_message_and_settles_another(sign_in, cast):
    first, second = taken(made(Precedence="bulk")), taken(made("Away", Auto_Submitted="auto-replied"))
    amina = sign_in("amina")
    assert sign_in("sana").get(row_url(MESSAGE, first.pk, "make-request")).status_code == 403
    made_by = amina.post(row_url(MESSAGE, first.pk, "make-request"), {"kinds": ["access", "erasure"]})
    assert made_by.status_code == 302
    assert amina.post(row_url(MESSAGE, second.pk, "settle")).status_code == 302
    [request] = list_requests()
    assert (request.channel, request.state) == ("mail", "triage")
    with in_client(first.client_id):
        assert [one.state for one in MailMessage.objects.order_by("pk")] == ["request", "settled"]
    assert amina.get(row_url(MESSAGE, second.pk, "settle")).status_code == 302, "it is settled"


def test_the_answer_to_a_question_goes_to_the_address_given_only_if_the_officer_says_so(sign_in, cast):
    taken(made())
    [request], amina = list_requests(), sign_in("amina")
    with in_client(request.client_id):
        decide_part(list_parts(request)[0], decision="granted", actor=cast.actor("amina"), at=AT)
    url = row_url(REQUEST, request.pk, "answer")
    assert "Send it to the address in the request" in amina.get(url).content.decode()
    assert amina.post(url, {"text": "See our page.", "to_contact": "on"}).status_code == 302
    mail.outbox.clear()
    work()
    assert [one.to for one in mail.outbox if "See our page." in one.body] == [[SENDER]]
