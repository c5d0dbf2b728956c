"""Django app of the copies of a person's data."""

from paktaleem.foundation.operations.extensions import PortalAppConfig

PEOPLE = "paktaleem.directory.people.extension_points"
SYSTEMS = "paktaleem.directory.data_systems.extension_points"


class PackagesConfig(PortalAppConfig):
    name = "rights.packages"
    verbose_name = "copies of a person's data"
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.PACKAGES"),
        ("rights.requests.hooks.part_granted", ".services.start_package"),
        (f"{SYSTEMS}.order_answered", ".services.continue_after_answer"),
        ("rights.requests.hooks.before_answering", ".services.release_package"),
        ("rights.requests.hooks.answer_notes", ".services.describe_package"),
        ("rights.requests.hooks.before_closing", ".services.require_fetched_package"),
        (f"{PEOPLE}.before_erasure", ".services.end_packages_of_person"),
        (f"{PEOPLE}.erasure_blockers", ".services.describe_unfetched_copies"),
    )
