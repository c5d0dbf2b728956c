"""Django app of erasures."""

from paktaleem.foundation.operations import extensions

PEOPLE = "paktaleem.directory.people.extension_points"
SYSTEMS = "paktaleem.directory.data_systems.extension_points"


class ErasuresConfig(extensions.PortalAppConfig):
    """The erasure of a person: preview, two people, cooling-off, verification and certificate."""

    name = "rights.erasures"
    verbose_name = "erasures"
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "rights.erasures.services.progress.LEAVERS_RECORDS"),
        (f"{PEOPLE}.personal_rows", "rights.erasures.certificates.count_sealed_rows"),
        (f"{PEOPLE}.erasure_blockers", "rights.erasures.services.progress.describe_unsent_messages"),
        (f"{PEOPLE}.before_erasure", "rights.erasures.services.progress.certify_after_erasure"),
        (f"{SYSTEMS}.order_answered", "rights.erasures.services.progress.certify_after_answers"),
        ("rights.requests.hooks.part_granted", "rights.erasures.services.progress.propose_for_part"),
        ("rights.requests.hooks.before_closing", "rights.erasures.services.progress.require_certificate"),
    )
