"""``manage.py migrate`` runs as the owner role, which alone may change the schema."""

from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate


class Command(DjangoMigrate):
    """Django's own migrate, on the ``owner`` alias by default."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Make the owner the default database."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")
