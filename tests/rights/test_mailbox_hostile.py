"""Hostile emails: none makes an identity, a loop, a second request or a slow or large process, and none is lost."""

import json
import resource
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import msgspec
import pytest
from django.core import mail
from django.test import override_settings

from rights.mailbox import intake, parser
from rights.mailbox.intake import MEMORY_BYTES, SECONDS, parse_mail, take_mail
from tests.rights.mails import SENDER, US, content_of, list_mail, list_requests, made, raw, taken, work

HAMZA = "hamza.lodhi@students.example"
HEAD = raw(f"From: {SENDER}", f"To: {US}", "Subject: Q", "Message-ID: <h@mail.example>")
pytestmark = pytest.mark.usefixtures("own_address")
SET_ASIDE = {
    "two From headers": (raw("From: a@mail.example", "From: b@mail.example", f"To: {US}", "", "Hi"), "sender"),
    "two addresses in From": (raw("From: a@mail.example, b@mail.example", f"To: {US}", "", "Hi"), "sender"),
    "no From header": (raw(f"To: {US}", "", "Hi"), "sender"),
    "a broken From header": (raw("From: " + "(" * 60_000, f"To: {US}", "", "Hi"), "sender"),
    "an empty return path": (raw("Return-Path: <>", HEAD, "", "Hi"), "bounce"),
    "a return path of spaces": (raw("Return-Path:  ", HEAD, "", "Hi"), "bounce"),
    "a failure report": (
        raw(HEAD, "Content-Type: multipart/report; boundary=x", "", "--x", "", "Hi", "--x--"),
        "bounce",
    ),
    "from the mail system": (made(sender="MAILER-DAEMON@mail.example"), "bounce"),
    "from postmaster": (made(sender="Postmaster <postmaster@mail.example>"), "bounce"),
    "an automatic reply": (made(Auto_Submitted="auto-replied"), "automatic"),
    "an automatic reply with a comment": (made(Auto_Submitted="Auto-Generated; owner-email=a@b.example"), "automatic"),
    "from a robot": (made(sender="no-reply@shop.example"), "automatic"),
    "bulk": (made(Precedence="Bulk"), "list"),
    "junk": (made(Precedence="junk"), "list"),
    "a mailing list": (made(List_Id="<list.example>"), "list"),
    "our own address": (made(sender=US), "own"),
    "our own address with a tag": (made(sender=US.replace("@", "+tag@").upper()), "own"),
    "a thousand recipients": (made(To=", ".join(f"one{number}@mail.example" for number in range(1000))), "recipients"),
}


@pytest.mark.parametrize("name", SET_ASIDE)
def test_an_automatic_or_unclear_email_waits_for_an_officer_and_makes_no_request_or_reply(cast, name):
    content, reason = SET_ASIDE[name]
    message = taken(content)
    work()
    assert (message.state, message.aside_reason) == ("aside", reason)
    assert (list_requests(), mail.outbox) == ([], [])
    assert content_of(message).mail is not None


@pytest.mark.parametrize(
    "headers", [{"X-Auto-Response-Suppress": "DR, OOF, AutoReply"}, {"List_Unsubscribe": "<https://shop.example>"}]
)
def test_a_request_whose_sender_wants_no_automatic_reply_gets_none(cast, headers):
    assert taken(made(**headers)).state == "request"
    work()
    assert mail.outbox == []


@pytest.mark.parametrize(
    "results",
    [
        ["mx.portal.example; dmarc=fail; spf=fail; dkim=none"],
        ["mx.portal.example; dmarc=pass; dkim=pass", "mx.portal.example; dmarc=fail"],
        ["elsewhere.example; dmarc=pass"],
        ["mx.portal.example.evil.example; dmarc=pass"],
        ["; dmarc=pass", "=mx.portal.example; dmarc=pass", "mx.portal.example"],
    ],
)
def test_a_forged_sender_is_never_verified_whatever_results_the_email_brings(cast, results):
    lines = [f"Authentication-Results: {one}" for one in results]
    taken(raw(*lines, made(sender=f"Hamza Lodhi <{HAMZA}>")))
    work()
    [request] = list_requests()
    assert (request.state, request.identity_verified_at, request.identity_method) == ("in_review", None, "")
    assert {one.to[0] for one in mail.outbox} == {HAMZA}
    assert not any("Lodhi" in one.body for one in mail.outbox)


def test_one_message_id_a_hundred_times_is_one_request(cast):
    found = [take_mail(made(f"Text {number}", Message_ID="<same@mail.example>")) for number in range(100)]
    assert [one is not None for one in found] == [True] + [False] * 99
    work()
    assert len(list_requests()) == len(mail.outbox) == 1


def test_without_a_message_id_the_whole_email_is_recognised(cast):
    email = made(Message_ID=None)
    assert [take_mail(email) is not None for _ in range(3)] == [True, False, False]


def multipart(number):
    parts = b"--x\r\n\r\n\r\n" * number
    return raw(HEAD, "Content-Type: multipart/mixed; boundary=x", "", parts + b"--x--")


def nested(depth):
    heads = [f"Content-Type: multipart/mixed; boundary=b{one}\r\n\r\n--b{one}\r\n" for one in range(depth)]
    return raw(HEAD, "".join(heads) + "\r\nHi")


def with_attachment(content, *headers):
    head = ("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "Please read", "--x", *headers, "")
    return raw(HEAD, *head, content, "--x--")


def test_of_100_000_parts_a_thousand_are_read_and_the_email_is_kept_whole(cast):
    message = taken(multipart(100_000))
    found = content_of(message)
    assert found.mail is None or found.mail.cut == ["parts"]
    assert [one.name for one in found.files] == ["message.eml"]


@pytest.mark.parametrize("depth", [1000, 20_000])
def test_an_email_too_deep_to_be_read_is_kept_and_listed(cast, depth):
    message = taken(nested(depth))
    work()
    assert (message.state, message.files, list_requests(), mail.outbox) == ("unreadable", 1, [], [])
    assert content_of(message).mail is None


def test_emails_in_emails_a_thousand_deep_are_kept_and_listed(cast):
    assert taken(HEAD + b"\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 1000 + b"x").state == "unreadable"


@pytest.mark.parametrize("to", ["a@b.example, " * 5000, "(" * 62_000, '"' * 62_000, "<" * 62_000, "=?utf-8?q?" * 6000])
def test_a_header_of_62_kib_is_read_in_time(cast, to):
    message = taken(raw(f"From: {SENDER}", f"To: {to}", f"Subject: {to}", f"References: {to}", "", "Hi"))
    assert content_of(message).mail.text == "Hi"


def test_100_mb_of_base64_are_cut_before_they_are_parsed(cast):
    email = with_attachment(
        (b64encode(b"x" * 57) + b"\r\n") * 1_400_000,
        "Content-Type: text/plain; name=a.txt",
        "Content-Transfer-Encoding: base64",
    )
    assert len(email) > 100_000_000
    message = taken(email)
    found = content_of(message)
    assert message.size == 10 * 1024 * 1024
    assert found.is_cut
    assert found.mail is not None
    assert (found.mail.text, message.state) == ("Please read", "request")


def test_an_email_inside_an_email_is_a_file_and_none_of_its_headers_count(cast):
    inner = raw("From: other@mail.example", "Auto-Submitted: auto-replied", "Message-ID: <i@x.example>", "", "Inner")
    message = taken(with_attachment(inner, "Content-Type: message/rfc822"))
    found = content_of(message)
    assert message.state == "request"
    assert found.mail is not None
    assert (found.mail.sender, found.mail.text) == (SENDER, "Please read")
    assert [one.kind for one in found.files] == ["message/rfc822"]


@pytest.mark.parametrize("charset", ["no-such", "x\x00y", "bz2", "idna", "utf-16", "unicode_escape", "", "ü"])
def test_nul_and_bad_charsets_are_read_as_far_as_possible(cast, charset):
    body = b"Please\x00 read \xff\xfe\xc3\x28 this"
    message = taken(raw(HEAD, f'Content-Type: text/plain; charset="{charset}"', "", body))
    found = content_of(message).mail
    assert "\x00" not in found.text + found.subject
    assert message.state == "request"


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?B?" + b64encode(b"Hi\r\nBcc: victim@mail.example\r\n\r\nText").decode() + "?=",
        "=?utf-8?Q?Hi=0D=0ABcc:_victim@mail.example?=",
        "Hi\r\n\tBcc: victim@mail.example",
        "Hi\x1b[2J\u202etxt.exe",
    ],
)
def test_line_breaks_and_controls_in_the_subject_stay_in_the_subject(cast, subject):
    message = taken(raw(f"From: {SENDER}", f"To: {US}", f"Subject: {subject}", "", "Hi"))
    work()
    found = content_of(message).mail
    assert not set(found.subject) & {"\r", "\n", "\x1b", "\u202e"}
    [reply] = mail.outbox
    assert reply.recipients() == [SENDER]
    assert "victim" not in reply.message().as_string()


def test_html_is_read_as_text_and_scripts_are_left_out(cast):
    html = "<head><title>x</title></head><p>Hello <b>there</b></p><script>alert(1)</script><style>p{}</style><p>Two&lt;"
    message = taken(raw(HEAD, "Content-Type: text/html", "", html))
    assert content_of(message).mail.text == "Hello there\nTwo<"


def test_the_senders_address_cannot_add_recipients(cast):
    senders = ['"a@x.example, b"@mail.example', "<a@x.example>, <b@x.example>", "a@x.example\x00b"]
    for number, sender in enumerate(senders):
        take_mail(raw(f"From: {sender}", f"To: {US}", "", f"Hi {number}"))
    work()
    assert all(len(one.recipients()) == 1 for one in mail.outbox)
    assert all(row.identity_verified_at is None for row in list_requests())


def run_child(content, code="", **limits):
    given = json.dumps({**intake._LIMITS, **limits})
    script = f"import sys; sys.argv = ['child', {given!r}]\n"
    script += Path(parser.__file__).read_text().rpartition("if __name__")[0]
    script += f"_restrict(Limits(**json.loads(sys.argv[1])))\n{code}\nsys.exit(0)"
    return subprocess.run([sys.executable, "-I", "-S", "-c", script], input=content, capture_output=True, check=False)


def test_the_process_has_two_seconds_and_256_mib_and_cannot_raise_them():
    code = "print(resource.getrlimit(resource.RLIMIT_CPU), resource.getrlimit(resource.RLIMIT_AS))"
    assert (SECONDS, MEMORY_BYTES) == (2, 256 * 2**20)
    limits = f"({SECONDS}, {SECONDS}) ({MEMORY_BYTES}, {MEMORY_BYTES})"
    assert run_child(b"", code).stdout.decode().split("\n")[0] == limits
    assert run_child(b"", "bytearray(300 * 2**20)").stderr.decode().strip().endswith("MemoryError")
    assert run_child(b"", "while True: pass", seconds=1).returncode < 0


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.socket()",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
    ],
)
def test_the_process_opens_no_connection_and_starts_no_other(code):
    assert "PermissionError" in run_child(b"", code).stderr.decode()


def test_the_process_inherits_nothing(tmp_path, monkeypatch):
    known = parse_mail(made())
    assert known is not None
    answer = msgspec.to_builtins(known[0])
    script = tmp_path / "child.py"
    script.write_text(
        "import json, os, sys\n"
        f"answer = {answer!r}\n"
        "names = sorted({*os.environ} - {'LC_CTYPE'})\n"
        "files = [one for one in range(3, 200) if os.path.exists(f'/proc/self/fd/{one}')]\n"
        "found = [names, files, sys.path, os.getcwd()]\n"
        "print(json.dumps({**answer, 'text': json.dumps(found)}))\n"
    )
    monkeypatch.setenv("PAKTALEEM_KEYS", "secret")
    monkeypatch.setattr(intake, "_CHILD", str(script))
    given = parse_mail(b"")
    assert given is not None
    names, files, path, folder = json.loads(given[0].text)
    assert (names, files, folder) == ([], [], "/")
    assert not any("site-packages" in one or str(Path.cwd()) in one for one in path)


@pytest.mark.parametrize("limit", [{"seconds": 0}, {"memory": 1024 * 1024}])
def test_an_email_whose_process_dies_is_kept_and_listed(cast, limit, monkeypatch):
    monkeypatch.setattr(intake, "_LIMITS", {**intake._LIMITS, **limit})
    message = taken(made("A question that must not be lost\n" * 100_000))
    assert (message.state, message.files) == ("unreadable", 1)
    assert [one.state for one in list_mail()] == ["unreadable"]


def test_processor_time_of_the_worst_email_stays_within_the_limit():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert parse_mail(multipart(1_000_000)) is None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < SECONDS + 1


@override_settings(MAILBOX_MOST_BYTES=1000)
def test_the_limit_is_a_setting_and_what_is_cut_off_is_said(cast):
    message = taken(made("x" * 5000))
    assert (message.size, content_of(message).is_cut) == (1000, True)
