"""Django app of consent on paper and by telephone."""

from paktaleem.foundation.operations.extensions import config


class PaperConfig(config.PortalAppConfig):
    """Forms, answer sheets and their matching queue."""

    name = "consent.paper"
    label = "paper"
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "consent.paper.services.sheets.UNMATCHED"),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "consent.paper.models.SHEET_KEYS",
        ),
        (
            "paktaleem.directory.people.copies.sections.person_sections",
            "consent.paper.sections.list_paper_sections",
        ),
    )
