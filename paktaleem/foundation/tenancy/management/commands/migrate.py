"""``manage.py migrate`` as the owner role, the only role that may change the schema."""

from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate


class Command(DjangoMigrate):
    """Django's migrate command with the ``owner`` alias as the default database."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Set the default database to ``owner``."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")
