"""Django app of rights requests."""

from paktaleem.foundation.operations import extensions

PEOPLE = "paktaleem.directory.people.extension_points"
SYSTEMS = "paktaleem.directory.data_systems.extension_points"


class RequestsConfig(extensions.PortalAppConfig):
    """Requests by which people exercise their rights, their deadlines, decisions and answers."""

    name = "rights.requests"
    verbose_name = "rights requests"
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "rights.requests.services.clock.REQUEST_TEXTS"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", "rights.requests.models.REQUEST_KEYS"),
        (f"{PEOPLE}.before_erasure", "rights.requests.services.clock.destroy_texts_of_person"),
        ("paktaleem.directory.mail.services.letter_outcomes", "rights.requests.services.closing.record_letter_outcome"),
        (f"{SYSTEMS}.order_answered", "rights.requests.services.closing.record_orders_answered"),
        (f"{PEOPLE}.erasure_holds", "rights.requests.services.steps.find_copies_to_give"),
    )
