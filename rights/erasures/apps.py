"""Django app of erasures."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry

PEOPLE = "paktaleem.directory.people.extension_points"
SYSTEMS = "paktaleem.directory.data_systems.extension_points"


class ErasuresConfig(PortalAppConfig):
    """The erasure of a person: preview, two people, cooling-off, verification and certificate."""

    name = "rights.erasures"
    verbose_name = "erasures"
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.progress.LEAVERS_RECORDS"),
        (f"{PEOPLE}.personal_rows", ".certificates.count_sealed_rows"),
        (f"{PEOPLE}.erasure_blockers", ".services.progress.describe_unsent_messages"),
        (f"{PEOPLE}.before_erasure", ".services.progress.certify_after_erasure"),
        (f"{SYSTEMS}.order_answered", ".services.progress.certify_after_answers"),
        ("rights.requests.hooks.part_granted", ".services.progress.propose_for_part"),
        ("rights.requests.hooks.before_closing", ".services.progress.require_certificate"),
    )
    facts = "cooling_ends_at: cooling-off ends at"
    ledger = (
        entry("erasure.announced", "Person informed of an erasure"),
        entry("erasure.approved", "Erasure approved by a second person"),
        entry("erasure.cancelled erasure.declined erasure.proposed"),
        entry("erasure.certified", sends="rights_request number sha256"),
        entry("erasure.ordered", "Erasure started after its cooling-off"),
        entry("erasure.sent_back", "Erasure sent back: something changed"),
        entry("erasure.verification_failed", "Verification of an erasure failed"),
    )
