"""Django app of concerns about children's data."""

from paktaleem.foundation.extensions import config


class ConcernsConfig(config.PortalAppConfig):
    """Concerns that anyone may report, and what guardians request about a child's data."""

    name = "children.concerns"
    label = "concerns"
    verbose_name = "concerns about children's data"
    handlers = (
        (
            "paktaleem.foundation.encryption.wrapped_kinds.wrapped_kinds",
            "children.concerns.sealing.CONCERN_KEYS",
        ),
        (
            "paktaleem.directory.data_systems.answered_orders.order_answered",
            "children.concerns.services.record_orders_answered",
        ),
        (
            "paktaleem.directory.copies.sections.person_sections",
            "children.concerns.sections.list_concern_sections",
        ),
    )
