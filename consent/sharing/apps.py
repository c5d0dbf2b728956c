"""Django app of disclosures to recipients."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class SharingConfig(PortalAppConfig):
    name = "consent.sharing"
    verbose_name = "sharing"
    handlers = (
        ("paktaleem.directory.people.copies.sections.person_sections", ".selectors.list_sharing_sections"),
        ("consent.notices.views.public_sections", ".own_pages.recipients_section"),
    )
    facts = "informed: person informed, instrument: legal instrument"
    ledger = (
        entry("business_transfer.requested disclosure.reported"),
        entry("business_transfer.settled", "Business transfer approved or declined"),
        entry(
            "disclosure.denied",
            "Disclosure reported although the decision denies it",
            "disclosure recipient purpose decision",
        ),
        entry("legal_disclosure.made", "Data disclosed to an authority"),
        entry("legal_disclosure.requested", "Disclosure to an authority requested"),
        entry("legal_disclosure.settled", "Disclosure to an authority approved or declined"),
    )
