"""The poll of the mailbox against a real IMAP server, Dovecot 2.4; skipped where it is not installed.

Run by ``make test-deep`` only: ``make test`` uses the small server of ``imap_server``, which runs everywhere.
"""

import grp
import imaplib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from django.utils import timezone

from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.rows import PAKTALEEM
from rights.mailbox.models import MailboxCheck
from rights.mailbox.tasks import poll_mailbox
from tests.rights.mails import US, content_of, list_mail, list_requests, made

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
VERSION = subprocess.run([DOVECOT, "--version"], capture_output=True, text=True, check=True).stdout if DOVECOT else ""
ARRIVED = timezone.now().replace(microsecond=0) - timedelta(days=2)
DONE = 'Taken "2026"'
CONFIGURATION = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_server_cert_file = {folder}/server.pem
ssl_server_key_file = {folder}/server.pem
auth_allow_cleartext = no
mail_driver = maildir
mail_path = {folder}/mail
first_valid_uid = 1
passdb static {{
  password = secret
}}
userdb static {{
  fields {{
    uid = {user}
    gid = {group}
    home = {folder}/home
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {encrypted}
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
"""
pytestmark = pytest.mark.skipif(not VERSION.startswith("2.4."), reason="Dovecot 2.4 is not installed")


@dataclass(frozen=True)
class Dovecot:
    """A running server: its ports, and the certificate authority of its certificate."""

    plain: int
    encrypted: int
    authority: Path

    def session(self):
        context = ssl.create_default_context(cafile=str(self.authority))
        server = imaplib.IMAP4_SSL("127.0.0.1", self.encrypted, ssl_context=context, timeout=30)
        server.login("privacy", "secret")
        return server

    def deliver(self, *mails):
        with self.session() as server:
            for mail in mails:
                assert server.append("INBOX", "", ARRIVED, mail)[0] == "OK"

    def count(self, folder, criterion="ALL"):
        with self.session() as server:
            assert server.select(folder, readonly=True)[0] == "OK"
            return len(server.search(None, criterion)[1][0].split())


@pytest.fixture
def dovecot(settings, monkeypatch):
    """A server with one empty mailbox, which the portal is configured to read."""
    plain, encrypted = free_ports()
    with tempfile.TemporaryDirectory() as name:
        folder, authority = Path(name), trustme.CA()
        authority.cert_pem.write_to_path(folder / "ca.pem")
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
        text = CONFIGURATION.format(folder=folder, plain=plain, encrypted=encrypted, **accounts(folder))
        (folder / "dovecot.conf").write_text(text)
        command = [str(DOVECOT), "-F", "-c", str(folder / "dovecot.conf")]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            started = process.stderr.readline()
            assert "starting up" in started, started
            settings.MAILBOX_HOST, settings.MAILBOX_PORT, settings.MAILBOX_TLS = "127.0.0.1", plain, "starttls"
            settings.MAILBOX_USER, settings.MAILBOX_PASSWORD, settings.MAILBOX_ADDRESS = "privacy", "secret", US
            monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
            yield Dovecot(plain, encrypted, folder / "ca.pem")
            process.terminate()
            process.communicate()


def free_ports():
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        return first.getsockname()[1], second.getsockname()[1]


def accounts(folder):
    """Return the accounts of the processes: those of the package for root, otherwise one's own."""
    own, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    found = {"internal": own, "internal_group": group, "login": own, "user": own, "group": group}
    if os.geteuid() == 0:
        found = {"internal": "dovecot", "internal_group": "dovecot", "login": "dovenull"}
        found |= {"user": "nobody", "group": grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name}
        folder.chmod(0o755)
    for name in ("mail", "home"):
        (folder / name).mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder / name, found["user"], found["group"])
    return found


def poll():
    poll_mailbox(0)
    with in_client(PAKTALEEM):
        return str(MailboxCheck.objects.get().error)


def test_unread_emails_are_taken_once_over_starttls_marked_as_read_and_cut_at_the_limit(cast, dovecot, settings):
    settings.MAILBOX_MOST_BYTES = 100_000
    dovecot.deliver(made("Small", sender="one@mail.example"), made("Large " * 50_000, sender="two@mail.example"))
    assert (poll(), poll()) == ("", "")
    assert (dovecot.count("INBOX"), dovecot.count("INBOX", "UNSEEN")) == (2, 0)
    assert [one.received_at for one in list_requests()] == [ARRIVED, ARRIVED]
    assert [content_of(one).is_cut for one in list_mail() if one.content is not None] == [False, True]


def test_over_tls_emails_are_moved_to_the_folder_for_what_is_done_also_read_ones(cast, dovecot, settings):
    settings.MAILBOX_PORT, settings.MAILBOX_TLS, settings.MAILBOX_DONE_FOLDER = dovecot.encrypted, "ssl", DONE
    folder = '"Taken \\"2026\\""'
    with dovecot.session() as server:
        assert server.create(folder)[0] == "OK"
        assert server.append("INBOX", r"(\Seen)", ARRIVED, made("Read by hand"))[0] == "OK"
    assert (poll(), poll()) == ("", "")
    assert (dovecot.count("INBOX"), dovecot.count(folder), len(list_requests())) == (0, 1, 1)


def test_a_wrong_password_a_missing_folder_and_an_unknown_certificate_are_recorded(
    cast, dovecot, settings, monkeypatch
):
    dovecot.deliver(made())
    settings.MAILBOX_FOLDER = "Nowhere"
    assert poll() == "folder"
    settings.MAILBOX_FOLDER, settings.MAILBOX_PASSWORD = "INBOX", "wrong"
    assert poll() == "login"
    settings.MAILBOX_PASSWORD = "secret"
    monkeypatch.delenv("SSL_CERT_FILE")
    assert poll() == "not_encrypted"
    assert dovecot.count("INBOX", "UNSEEN") == 1
