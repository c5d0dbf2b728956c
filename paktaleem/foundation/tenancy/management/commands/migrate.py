"""``manage.py migrate`` as the owner role, the only role that may change the schema."""

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections

from paktaleem.foundation.tenancy.operations import TOO_OLD, TOO_OLD_REMEDY, is_too_old

OWNER, REFUSED = "owner", 2


class Command(DjangoMigrate):
    """Django's migrate command with the ``owner`` alias as the default database."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER)

    def handle(self, *args: object, **options: object) -> str | None:
        if options["database"] == OWNER:
            if connections[OWNER].settings_dict["NAME"] == settings.NOT_CONFIGURED:
                message = "Set DATABASE_OWNER_URL to the address of the owner role; see docs/deploy/owner.env."
                raise CommandError(message, returncode=REFUSED)
            if is_too_old(OWNER):
                raise CommandError(f"{TOO_OLD} {TOO_OLD_REMEDY}", returncode=REFUSED)
        return super().handle(*args, **options)
