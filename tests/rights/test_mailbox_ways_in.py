"""IMAP: each email is taken once, whatever breaks between the mailbox and the database."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from unittest.mock import ANY, Mock

import pytest
import trustme
from django.core.checks import run_checks
from django.db import DatabaseError, connections
from django.test import override_settings

from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.mailbox.imap import MailboxUnusable, fetch_new_mails
from rights.mailbox.intake import take_mail
from rights.mailbox.models import MailboxCheck
from rights.mailbox.tasks import poll_mailbox
from tests.rights.cases import AT
from tests.rights.imap_server import Mailbox, serving
from tests.rights.mails import US, content_of, list_mail, list_requests, made, taken


@pytest.fixture
def box(settings):
    mailbox = Mailbox()
    with serving(mailbox) as port:
        settings.MAILBOX_HOST, settings.MAILBOX_PORT, settings.MAILBOX_TLS = "127.0.0.1", port, "none"
        settings.MAILBOX_USER, settings.MAILBOX_PASSWORD, settings.MAILBOX_ADDRESS = "privacy", "secret", US
        yield mailbox


def poll():
    poll_mailbox(0)
    with in_client(PAKTALEEM):
        return MailboxCheck.objects.get()


def test_unread_emails_are_taken_once_and_marked_as_read_with_the_time_of_their_arrival(cast, box):
    for number in range(3):
        box.add(made(f"Question {number}", sender=f"one{number}@mail.example"))
    assert poll().error == ""
    assert poll().read_at is not None
    assert box.seen == {1, 2, 3}
    assert len(list_requests()) == 3
    assert box.commands.count("UID FETCH") == 3


def test_arrival_counts_even_if_the_portal_was_down(cast, box):
    box.add(made())
    take = Mock(return_value=True)
    assert fetch_new_mails(take)
    take.assert_called_once_with(ANY, AT)


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 MOVE", "IMAP4rev1"])
def test_with_a_folder_for_what_is_done_emails_are_moved_and_read_ones_are_taken_too(cast, box, settings, capabilities):
    settings.MAILBOX_DONE_FOLDER, box.capabilities = 'Taken "2026"', capabilities
    box.add(made())
    box.seen.add(1)
    assert poll().error == ""
    assert (box.mails, len(box.done), len(list_requests())) == ({}, 1, 1)


def test_the_poll_reads_the_capabilities_after_the_sign_in(cast, box, settings):
    settings.MAILBOX_DONE_FOLDER, box.capabilities_before = "Taken", "IMAP4rev1"
    box.add(made())
    assert poll().error == ""
    assert box.commands.count("UID MOVE") == 1
    assert "EXPUNGE" not in box.commands, "it would remove what another program marked as deleted"


@pytest.mark.parametrize("lost", ["UID STORE", "UID FETCH", "UID SEARCH", "LOGIN", "SELECT"])
def test_a_connection_that_breaks_loses_no_email_and_doubles_none(cast, box, lost):
    box.add(made())
    box.fails_at = lost
    assert poll().error in {"protocol", "unreachable"}
    assert box.seen == set()
    box.fails_at = ""
    assert poll().error == ""
    assert (box.seen, len(list_requests())) == ({1}, 1)


def test_an_email_that_cannot_be_stored_stays_unread_and_does_not_stop_the_others(cast, box, monkeypatch):
    box.add(made("first", sender="one@mail.example"))
    box.add(made("second", sender="two@mail.example"))

    def refuse_first(raw, **given):
        if b"first" in raw:
            raise DatabaseError("no space")
        return take_mail(raw, **given)

    monkeypatch.setattr("rights.mailbox.tasks.take_mail", refuse_first)
    assert poll().error == "not_stored"
    assert (box.seen, len(list_requests())) == ({2}, 1)
    monkeypatch.setattr("rights.mailbox.tasks.take_mail", take_mail)
    assert poll().error == ""
    assert len(list_requests()) == 2


def test_a_mailbox_that_cannot_be_read_is_shown_to_officers_with_the_reason(cast, box, sign_in, settings):
    settings.MAILBOX_PASSWORD = "wrong"
    first = poll()
    assert (first.error, first.read_at) == ("login", None)
    with in_client(PAKTALEEM):
        MailboxCheck.objects.update(failing_since=datetime(2026, 10, 1, tzinfo=UTC))
    assert poll().failing_since == datetime(2026, 10, 1, tzinfo=UTC)
    page = sign_in("amina").get("/admin/").content.decode()
    assert "User name or password was refused" in page
    assert "Cannot be read" not in sign_in("farah").get("/admin/").content.decode()
    settings.MAILBOX_PASSWORD, settings.MAILBOX_FOLDER = "secret", "Nowhere"
    assert poll().error == "folder"
    settings.MAILBOX_FOLDER, settings.MAILBOX_PORT = "INBOX", 1
    assert poll().error == "unreachable"


@pytest.mark.parametrize("tls", ["ssl", "starttls"])
def test_an_encrypted_connection_needs_a_certificate_for_the_host(cast, box, settings, tmp_path, *, monkeypatch, tls):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    box.tls, settings.MAILBOX_TLS, box.has_starttls = context, tls, tls == "starttls"
    box.capabilities += " STARTTLS"
    box.add(made())
    assert poll().error == "not_encrypted"
    assert "LOGIN" not in box.commands
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    assert poll().error == ""
    assert len(list_requests()) == 1


def test_starttls_is_refused_by_a_server_without_it_before_the_password_is_sent(cast, box, settings):
    settings.MAILBOX_TLS = "starttls"
    with pytest.raises(MailboxUnusable, match="not_encrypted"):
        fetch_new_mails(lambda *_: True)
    assert "LOGIN" not in box.commands


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"MAILBOX_HOST": "mail.example", "MAILBOX_TLS": "none"}, ["mailbox.E001"]),
        ({"MAILBOX_HOST": "mail.example", "MAILBOX_TLS": "tls"}, ["mailbox.E002"]),
        ({"MAILBOX_HOST": "127.0.0.1", "MAILBOX_TLS": "none", "MAILBOX_ADDRESS": US}, []),
        ({"MAILBOX_HOST": "mail.example", "MAILBOX_ADDRESS": "not an address"}, ["mailbox.E003"]),
        ({"MAILBOX_HOST": "", "MAILBOX_TLS": "none", "MAILBOX_ADDRESS": ""}, []),
    ],
)
def test_the_portal_does_not_start_with_a_mailbox_that_is_not_encrypted(given, found):
    with override_settings(**{"MAILBOX_ADDRESS": US, **given}):
        assert [one.id for one in run_checks() if str(one.id).startswith("mailbox.")] == found


def test_without_a_mailbox_nothing_is_polled(cast):
    poll_mailbox(0)
    with in_client(PAKTALEEM):
        assert not MailboxCheck.objects.exists()


@override_settings(FILE_MOST_BYTES=1000)
def test_a_file_larger_than_files_about_people_may_be_is_kept_with_its_email(cast):
    assert [one.size for one in content_of(taken(made(file=("large.html", b"x" * 5000)))).files] == [5000]


def test_an_email_that_breaks_a_rule_is_kept_whole_instead_of_being_tried_for_ever(cast, box, monkeypatch):
    def refuse(*_args, **_given):
        raise ValueError("a rule that no one thought of")

    monkeypatch.setattr("rights.mailbox.services.receive_request", refuse)
    email = made()
    box.add(email)
    assert poll().error == ""
    assert box.seen == {1}
    [kept] = list_mail()
    assert (kept.state, kept.files, kept.request_id) == ("unreadable", 1, None)
    assert take_mail(email) is None


def test_one_email_taken_by_eight_at_once_is_one_request(committed):
    email = made()

    def take(_):
        try:
            return take_mail(email)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        found = [one for one in pool.map(take, range(8)) if one is not None]
    assert len(found) == 1
    assert [len(list_requests()), len([one for one in list_mail() if one.direction == "in"])] == [1, 1]
