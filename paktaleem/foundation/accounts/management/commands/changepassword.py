"""``manage.py changepassword``: refuse Django's command, which would bypass the approval by two officers."""

from paktaleem.foundation.accounts.management.commands.createsuperuser import Command

__all__ = ["Command"]
