"""``manage.py list_security_events``: security events as JSON lines, for a system that collects logs."""

import json
from argparse import ArgumentParser
from uuid import UUID

from django.core.management.base import BaseCommand

from paktaleem.directory.security.security_events.services import serialize_events_after
from paktaleem.foundation.tenancy.context import as_officer


class Command(BaseCommand):
    help = "Print security events as JSON lines, oldest first. Give the last id that you have with --after."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--after", type=UUID, metavar="ID", help="The id of the last event that you have.")
        parser.add_argument("--most", type=int, default=1_000, metavar="N", help="At most N events; 1000 by default.")

    def handle(self, *_: object, after: UUID | None, most: int, **__: object) -> None:
        with as_officer():
            for event in serialize_events_after(after, most=most):
                self.stdout.write(json.dumps(event))
