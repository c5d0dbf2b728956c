"""Django app of rights requests."""

from paktaleem.foundation.extensions import config


class RightsConfig(config.PortalAppConfig):
    """Requests by which people exercise their rights, their deadlines, decisions and answers."""

    name = "rights.requests"
    label = "rights"
    verbose_name = "rights requests"
    handlers = (
        ("paktaleem.foundation.periods.kinds.data_kinds", "rights.requests.data_kinds.list_kinds"),
        (
            "paktaleem.foundation.encryption.wrapped_kinds.wrapped_kinds",
            "rights.requests.sealing.REQUEST_KEYS",
        ),
        (
            "paktaleem.directory.people.erasure_hooks.before_erasure",
            "rights.requests.services.purging.destroy_texts_of_person",
        ),
        (
            "paktaleem.directory.mail.outcomes.letter_outcomes",
            "rights.requests.services.delivery.record_letter_outcome",
        ),
        (
            "paktaleem.directory.data_systems.answered_orders.order_answered",
            "rights.requests.services.closing.record_orders_answered",
        ),
        (
            "paktaleem.directory.people.erasure_hooks.erasure_holds",
            "rights.requests.services.holds.find_copies_to_give",
        ),
        (
            "rights.limits.hooks.requesters",
            "rights.requests.services.authority.find_guardian_of_limit",
        ),
        (
            "rights.requests.hooks.request_ended",
            "rights.requests.services.holds.lift_hold_at_end",
        ),
        (
            "paktaleem.directory.copies.sections.person_sections",
            "rights.requests.sections.list_request_sections",
        ),
    )
