"""Django app of exits: the end of an agreement."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class ExitsConfig(PortalAppConfig):
    name = "paktaleem.office.exits"
    verbose_name = "exits"
    handlers = (("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".models.EXIT_KEYS"),)
    facts = "delete_by: deleted by"
    ledger = (
        entry("exit.approved", "Exit of a client approved"),
        entry("exit.certified", "Exit of a client certified"),
        entry("exit.continued", "Exit of a client continued"),
        entry("exit.declined", "Exit of a client declined"),
        entry("exit.deletion_started", "Deletion of a client’s data started"),
        entry("exit.exported", "Export for a client written"),
        entry("exit.interrupted", "Exit of a client interrupted"),
        entry("exit.part_opened", "Part of an export opened"),
        entry("exit.proposed", "Exit of a client proposed"),
        entry("exit.return_declined", "Client declined the return of its data"),
        entry("exit.returned", "Client confirmed the return of its data"),
        entry("exit.systems_answered", "Every system has answered the exit of a client"),
    )
