"""``manage.py createsuperuser``: refuse Django's command, which would bypass the approval by two officers."""

from argparse import REMAINDER, ArgumentParser

from django.core.management.base import BaseCommand, CommandError

REFUSED = 2


class Command(BaseCommand):
    help = "Refused: officers make and recover staff in the console; see manage.py break_glass."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ignored", nargs=REMAINDER)

    def handle(self, *_: object, **__: object) -> None:
        message = "Two officers make and recover staff in the console; where they cannot, use manage.py break_glass."
        raise CommandError(message, returncode=REFUSED)
