"""Django app of the console pages for clients, staff and the audit ledger."""

from django.apps import AppConfig


class AdministrationConfig(AppConfig):
    """Has no tables: it shows those of accounts and of the audit ledger."""

    name = "paktaleem.directory.administration"
    label = "administration"
