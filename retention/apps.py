"""Django app of retention."""

from paktaleem.foundation.extensions import config


class RetentionConfig(config.PortalAppConfig):
    """Collections, holdings and incidents."""

    name = "retention"
    label = "retention"
    handlers = (
        (
            "paktaleem.directory.data_systems.answered_orders.order_answered",
            "retention.services.holdings.end_holdings",
        ),
        (
            "paktaleem.directory.data_systems.answered_orders.order_answered",
            "retention.services.incidents.close_if_answered",
        ),
        (
            "paktaleem.directory.people.revealed_children.child_revealed",
            "retention.services.incidents.open_for_revealed_children",
        ),
        (
            "children.guardians.services.verifications.verification_found_false",
            "retention.services.incidents.open_for_false_verification",
        ),
        (
            "paktaleem.directory.people.erasure_hooks.erasure_holds",
            "retention.services.incidents.hold_erasure",
        ),
        (
            "children.guardians.services.quarantines.quarantine_needs",
            "retention.services.incidents.has_open_incident",
        ),
        (
            "paktaleem.directory.copies.sections.person_sections",
            "retention.sections.list_retention_sections",
        ),
    )
