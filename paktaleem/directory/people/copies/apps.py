"""Django app of the sections of a copy of a person's data. It has no tables."""

from paktaleem.foundation.operations.extensions import config


class CopiesConfig(config.PortalAppConfig):
    """Registry of what each app holds about a person, with the sections of people and of the ledger."""

    name = "paktaleem.directory.people.copies"
    label = "copies"
    verbose_name = "sections of a copy"
    handlers = (
        (
            "paktaleem.directory.people.copies.sections.person_sections",
            "paktaleem.directory.people.copies.sections.list_own_sections",
        ),
    )
