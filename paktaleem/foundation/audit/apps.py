"""App configuration of the ledger: one append-only entry for every act that is evidence."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "paktaleem.foundation.audit"
