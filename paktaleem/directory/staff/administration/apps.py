"""Django app of the console pages for clients, staff and the audit ledger."""

from paktaleem.foundation.operations.extensions import config


class AdministrationConfig(config.PortalAppConfig):
    """Has no tables: it shows those of accounts and of the audit ledger."""

    name = "paktaleem.directory.staff.administration"
    label = "administration"
    handlers = (
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.directory.staff.administration.data_kinds.PERSON",
        ),
        (
            "paktaleem.foundation.upkeep.periods.kinds.data_kinds",
            "paktaleem.directory.staff.administration.data_kinds.EVIDENCE",
        ),
    )
