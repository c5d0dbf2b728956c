"""A small IMAP4rev1 server in this process: one folder with emails, for the poll of the mailbox (RFC 3501)."""

import re
import socketserver
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.waiting import in_thread

_FETCH = re.compile(rb"BODY\.PEEK\[\]<0\.(\d+)>")


@dataclass
class Mailbox:
    """The emails of the folder by UID, the ones marked as read, and the other folder; ``commands`` were received."""

    mails: dict[int, bytes] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    done: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    password: str = "secret"
    capabilities: str = "IMAP4rev1 MOVE"
    capabilities_before: str = ""
    """The capabilities before the sign-in, if they differ: Dovecot names MOVE only afterwards."""
    fails_at: str = ""
    """A command whose connection is cut before it is carried out."""
    tls: ssl.SSLContext | None = None
    has_starttls: bool = False
    """Whether a connection begins unencrypted and is encrypted by STARTTLS; otherwise it is with ``tls`` at once."""

    def add(self, mail):
        self.mails[max(self.mails, default=0) + 1] = mail


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: "Server"

    def setup(self):
        tls = self.server.mailbox.tls
        if tls is not None and not self.server.mailbox.has_starttls:
            self.request = tls.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
            try:
                self.request.do_handshake()
            except OSError:
                self.request.close()
                raise
        super().setup()

    def finish(self):
        super().finish()
        self.request.close()

    def handle(self):
        box = self.server.mailbox
        self.say(b"* OK ready")
        while line := self.rfile.readline():
            tag, _, command = line.strip().partition(b" ")
            name = b" ".join(command.split()[: 2 if command.upper().startswith(b"UID") else 1]).upper().decode()
            box.commands.append(name)
            if box.fails_at == name:
                return
            status = getattr(self, "do_" + name.replace(" ", "_").lower())(box, command)
            self.say(tag + b" " + status)
            if name == "LOGOUT" or (name == "STARTTLS" and not self.encrypt(box)):
                return

    def say(self, line):
        self.wfile.write(line + b"\r\n")

    def encrypt(self, box):
        """Encrypt the connection from now on; return False if the client refuses the certificate."""
        assert box.tls is not None
        try:
            self.request = box.tls.wrap_socket(self.request, server_side=True)
        except OSError:
            return False
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        return True

    def do_starttls(self, _box, _command):
        return b"OK begin"

    def do_capability(self, box, _):
        is_signed_in = "LOGIN" in box.commands
        self.say(
            f"* CAPABILITY {box.capabilities if is_signed_in else box.capabilities_before or box.capabilities}".encode()
        )
        return b"OK done"

    def do_login(self, box, command):
        return b"OK done" if box.password.encode() in command else b"NO [AUTHENTICATIONFAILED] refused"

    def do_select(self, box, command):
        if b"INBOX" not in command:
            return b"NO no such folder"
        self.say(f"* {len(box.mails)} EXISTS".encode())
        return b"OK [READ-WRITE] done"

    def do_uid_search(self, box, command):
        found = [uid for uid in box.mails if b"ALL" in command or uid not in box.seen]
        self.say(b"* SEARCH " + b" ".join(str(uid).encode() for uid in found))
        return b"OK done"

    def do_uid_fetch(self, box, command):
        uid, most = int(command.split()[2]), int(_FETCH.search(command)[1])  # type: ignore[index]
        content = box.mails[uid][:most]
        head = f'* {uid} FETCH (UID {uid} INTERNALDATE "01-Oct-2026 09:00:00 +0000" BODY[]<0> {{{len(content)}}}'
        self.say(head.encode())
        self.wfile.write(content)
        self.say(b")")
        return b"OK done"

    def do_uid_store(self, box, command):
        uid = int(command.split()[2])
        box.seen.add(uid)
        if b"Deleted" in command:
            del box.mails[uid]
        return b"OK done"

    def do_uid_move(self, box, command):
        box.done.append(box.mails.pop(int(command.split()[2])))
        return b"OK done"

    def do_uid_copy(self, box, command):
        box.done.append(box.mails[int(command.split()[2])])
        return b"OK done"

    def do_expunge(self, _box, _command):
        return b"OK done"

    def do_logout(self, _box, _command):
        self.say(b"* BYE")
        return b"OK done"


class Server(socketserver.ThreadingTCPServer):
    """A server with one mailbox."""

    daemon_threads = True
    allow_reuse_address = True
    mailbox: Mailbox

    def handle_error(self, *_):
        """Ignore a client that refuses the certificate or leaves early."""


@contextmanager
def serving(mailbox):
    server = Server(("127.0.0.1", 0), Session)
    server.mailbox = mailbox
    with in_thread(server):
        yield int(server.server_address[1])
