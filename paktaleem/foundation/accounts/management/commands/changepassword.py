"""``manage.py changepassword``: refuse Django's command, which would bypass the approval by two officers."""

from paktaleem.foundation.accounts.management.commands import createsuperuser


class Command(createsuperuser.Command):
    """Refuse, and name the recorded ways."""
