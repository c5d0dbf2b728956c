"""Django app of disclosures to recipients."""

from paktaleem.foundation.operations import extensions


class SharingConfig(extensions.PortalAppConfig):
    name = "consent.sharing"
    verbose_name = "sharing"
    handlers = (
        (
            "paktaleem.directory.people.copies.sections.person_sections",
            "consent.sharing.selectors.list_sharing_sections",
        ),
        ("consent.notices.views.public_sections", "consent.sharing.own_pages.recipients_section"),
    )
