"""Django app of consent on paper and by telephone."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class PaperConfig(PortalAppConfig):
    name = "consent.paper"
    handlers = (
        ("paktaleem.directory.people.copies.sections.person_sections", ".services.answers.list_paper_sections"),
    )
    families = "answer: Answers on paper, form: Consent forms"
    facts = "answer: answer on paper, answers: answers on paper"
    ledger = (
        entry("answer.confirmed", "Answer on paper confirmed"),
        entry("answer.dismissed", "Answer on paper dismissed"),
        entry("answer.entered", "Answers on paper entered"),
        entry("form.made", "Consent form made"),
        entry("form.printed", "Consent form printed"),
    )
