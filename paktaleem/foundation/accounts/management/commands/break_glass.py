"""``manage.py break_glass``: make the first officers, or recover one where two officers are not left to agree."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError

from paktaleem.foundation.accounts.break_glass import (
    RECOVERIES,
    Appointment,
    EnoughOfficers,
    UnknownOfficer,
    appoint_staff,
    recover_officer,
)
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.clock import wall_clock_now

REFUSED = 2
_WORD = "break glass"
"""Text that the operator types to confirm."""


class Command(BaseCommand):
    help = "Make the first privacy officers, or recover one, where two officers are not left to agree in the console."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        add = acts.add_parser("add-officer", help="Make privacy officers; new ones are invited by email.")
        add.add_argument("officers", nargs="+", metavar="OFFICER", help='As "Full Name <address@example.org>".')
        add.add_argument("--language", choices=[code for code, _ in settings.LANGUAGES], default="en")
        recover = acts.add_parser("recover", help="Recover a privacy officer.")
        recover.add_argument("email")
        recover.add_argument("--what", choices=list(RECOVERIES), required=True)
        for one in (add, recover):
            one.add_argument("--reason", choices=[str(code) for code in Reason.values], required=True)
            one.add_argument("--confirm", default="", help=f"“{_WORD}”, instead of the prompt.")

    def handle(self, *_: object, **options: Any) -> None:
        self.stdout.write("This is recorded in the ledger, and all other officers get an email.")
        given = options["confirm"]
        if not given and sys.stdin.isatty():
            given = input(f"Type “{_WORD}” to continue: ")
        if given.strip().lower() != _WORD:
            _refuse(f"Nothing was done: confirm with “{_WORD}” at the prompt, or with --confirm.")
        try:
            if options["act"] == "add-officer":
                self._add(options["officers"], options["language"], options["reason"])
            else:
                email, what = options["email"], options["what"]
                user = recover_officer(email, recovery=what, reason=options["reason"], at=wall_clock_now())
                self.stdout.write(f"Done for {user.email}: {what}. They get an email.")
        except EnoughOfficers as refusal:
            [left] = refusal.args
            _refuse(f"Officers left: {left}. Two officers make and recover others in the console: use it.")
        except UnknownOfficer:
            _refuse("No privacy officer has this email address.")
        except ValidationError as error:
            _refuse(" ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()))
        except DatabaseError as error:
            _refuse(f"The database does not answer as it should: {str(error).splitlines()[0]}")

    def _add(self, officers: Sequence[str], language: str, reason: str) -> None:
        appointments = []
        for text in officers:
            name, email = parseaddr(text)
            if not name or "@" not in email:
                _refuse(f'“{text}” does not name an officer. Write "Full Name <address@example.org>".')
            appointments.append(Appointment(email=email, full_name=name, language=language))
        for user in appoint_staff(appointments, reason=reason, at=wall_clock_now()):
            self.stdout.write(f"{user.email} is a privacy officer.")
            if not user.has_usable_password():
                self.stdout.write("An invitation is sent to this address.")


def _refuse(message: str) -> NoReturn:
    raise CommandError(message, returncode=REFUSED)
