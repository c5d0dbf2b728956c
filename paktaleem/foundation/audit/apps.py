"""App configuration of the ledger: one append-only entry for every act that is evidence."""

from django.core import checks

from paktaleem.foundation.operations.extensions import PortalAppConfig


class AuditConfig(PortalAppConfig):
    name = "paktaleem.foundation.audit"
    facts = """
        categories: data categories, category: data category, entry: ledger entry, granted: granted for,
        is_sandbox: sandbox, left_out: answers left out, list_hash: hash of the list, needs_code: asks for a code,
        number: number of the row, size: size in bytes, subject: data subject, system: data system,
        tombstone: mark of the erased person
    """

    def ready(self) -> None:
        from paktaleem.foundation.audit.names import check_declarations  # noqa: PLC0415 -- needs the app registry

        super().ready()
        checks.register(check_declarations)
