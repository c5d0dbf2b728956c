"""A mail server that accepts every message, on a port of this computer."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from procrastinate.contrib.django.models import ProcrastinateJob

from paktaleem.directory.mail.services import EMAIL_STAFF
from paktaleem.directory.mail.tasks import email_staff_about_row
from paktaleem.foundation.tenancy.context import in_global
from tests.waiting import in_thread


class MailServer(NamedTuple):
    """The port, and the commands with which senders named the envelope."""

    port: int
    envelopes: list[str]


class _Session(socketserver.StreamRequestHandler):
    """One SMTP connection."""

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        for line in iter(self.rfile.readline, b""):
            command = line.strip().decode().lower()
            if command.startswith("mail"):
                self.server.envelopes.append(command)  # type: ignore[attr-defined]
            if command == "data":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
            self.wfile.write(b"250 done\r\n")
            if command == "quit":
                return


@contextmanager
def mail_server() -> Iterator[MailServer]:
    server = socketserver.TCPServer(("127.0.0.1", 0), _Session)
    served = MailServer(server.server_address[1], [])
    server.envelopes = served.envelopes  # type: ignore[attr-defined]
    with in_thread(server):
        yield served


def run_staff_emails() -> None:
    """Run the waiting jobs, each with its arguments, as the worker does."""
    with in_global():
        jobs = list(
            ProcrastinateJob.objects.filter(task_name=EMAIL_STAFF).order_by("id").values_list("args", flat=True)
        )
    for args in jobs:
        email_staff_about_row(**args)
