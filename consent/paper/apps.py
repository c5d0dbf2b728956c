"""Django app of consent on paper and by telephone."""

from paktaleem.foundation.operations import extensions


class PaperConfig(extensions.PortalAppConfig):
    name = "consent.paper"
    handlers = (
        (
            "paktaleem.directory.people.copies.sections.person_sections",
            "consent.paper.services.answers.list_paper_sections",
        ),
    )
