"""Django app of the retention schedule."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry

_PEOPLE = "paktaleem.directory.people.extension_points"
_HOLD = "hold kind category review_on"


class ScheduleConfig(PortalAppConfig):
    name = "retention.schedule"
    verbose_name = "retention schedule"
    handlers = (
        ("paktaleem.foundation.accounts.changes.change_kinds", ".services.EARLIER_DISPOSAL"),
        ("paktaleem.foundation.accounts.changes.change_kinds", ".services.LIFT"),
        ("consent.notices.views.public_sections", ".labels.schedule_section"),
        ("retention.holdings.selectors.before_disposal", ".selectors.find_disposal_holds"),
        ("retention.holdings.selectors.ended_periods", ".selectors.list_ended_holdings"),
        (f"{_PEOPLE}.erasure_holds", ".selectors.find_erasure_holds"),
        (f"{_PEOPLE}.erasure_blockers", ".selectors.describe_erasure_holds"),
        ("consent.sharing.services.legal_demand_approved", ".services.hold_for_legal_demand"),
        ("consent.notices.services.publishing.starter_parts", ".services.load_starter_rules"),
    )
    ledger = (
        entry("hold.lift_declined", "Lifting of a legal hold declined"),
        entry("hold.lift_requested", "Lifting of a legal hold requested"),
        entry("hold.lifted hold.placed", sends=_HOLD),
        entry("hold.reviewed"),
    )
