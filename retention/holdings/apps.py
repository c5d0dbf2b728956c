"""Django app of retention."""

from paktaleem.foundation.operations import extensions


class HoldingsConfig(extensions.PortalAppConfig):
    """Collections, holdings and incidents."""

    name = "retention.holdings"
    handlers = (
        ("paktaleem.foundation.accounts.changes.change_kinds", "retention.holdings.services.incidents.RELEASE"),
        ("paktaleem.foundation.accounts.changes.change_kinds", "retention.holdings.services.holdings.EXPLANATION"),
        (
            "paktaleem.directory.people.extension_points.event_recorded",
            "retention.holdings.services.holdings.record_use_of_account",
        ),
        (
            "paktaleem.directory.data_systems.extension_points.reported_records",
            "retention.holdings.services.holdings.count_reported_records",
        ),
        (
            "paktaleem.directory.data_systems.extension_points.order_answered",
            "retention.holdings.services.holdings.end_holdings",
        ),
        (
            "paktaleem.directory.data_systems.extension_points.order_answered",
            "retention.holdings.services.incidents.close_if_answered",
        ),
        (
            "paktaleem.directory.people.selectors.child_revealed",
            "retention.holdings.services.incidents.open_for_revealed_children",
        ),
        (
            "children.guardians.services.verifications.verification_found_false",
            "retention.holdings.services.incidents.open_for_false_verification",
        ),
        (
            "paktaleem.directory.people.extension_points.erasure_holds",
            "retention.holdings.services.incidents.hold_erasures",
        ),
        (
            "children.guardians.services.answers.quarantine_needs",
            "retention.holdings.services.incidents.has_open_incident",
        ),
    )
