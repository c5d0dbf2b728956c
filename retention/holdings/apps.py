"""Django app of retention."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry

_CHANGE_KINDS = "paktaleem.foundation.accounts.changes.change_kinds"
_SYSTEMS = "paktaleem.directory.data_systems.extension_points"
_PEOPLE = "paktaleem.directory.people"
_GUARDIANS = "children.guardians.services"
_INCIDENT = "incident cause due_at"


class HoldingsConfig(PortalAppConfig):
    name = "retention.holdings"
    handlers = (
        (_CHANGE_KINDS, ".services.incidents.RELEASE"),
        (_CHANGE_KINDS, ".services.holdings.EXPLANATION"),
        (f"{_PEOPLE}.extension_points.event_recorded", ".services.holdings.record_use_of_account"),
        (f"{_SYSTEMS}.reported_records", ".services.holdings.count_reported_records"),
        (f"{_SYSTEMS}.order_answered", ".services.holdings.end_holdings"),
        (f"{_SYSTEMS}.order_answered", ".services.incidents.close_if_answered"),
        (f"{_PEOPLE}.selectors.child_revealed", ".services.incidents.open_for_revealed_children"),
        (f"{_GUARDIANS}.verifications.verification_found_false", ".services.incidents.open_for_false_verification"),
        (f"{_PEOPLE}.extension_points.erasure_holds", ".services.incidents.hold_erasures"),
        (f"{_GUARDIANS}.answers.quarantine_needs", ".services.incidents.has_open_incident"),
    )
    families = "activity: Reported activity"
    ledger = (
        entry("activity.reported collection.reported"),
        entry("collection.decided", "Flagged collection decided", "collection category outcome"),
        entry("incident.closed incident.opened incident.overdue", sends=_INCIDENT),
        entry("incident.widened", "Incident extended", _INCIDENT),
    )
