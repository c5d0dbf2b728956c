"""Django app of the sections of a copy of a person's data. It has no tables."""

from paktaleem.foundation.extensions import config


class CopiesConfig(config.PortalAppConfig):
    """Registry of what each app holds about a person, with the sections of people and of the ledger."""

    name = "paktaleem.directory.copies"
    label = "copies"
    verbose_name = "sections of a copy"
    handlers = (
        (
            "paktaleem.directory.copies.sections.person_sections",
            "paktaleem.directory.copies.sections.list_own_sections",
        ),
    )
