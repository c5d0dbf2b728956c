"""Django app of agreements: signatures, documents, contacts, attested duties."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class AgreementsConfig(PortalAppConfig):
    name = "consent.agreements"
    verbose_name = "agreements"
    handlers = (
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".models.DOCUMENT_KEYS"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".signatories.AGREEMENT_DOCUMENTS"),
        ("paktaleem.directory.staff.former_staff.account_needs", ".signatories.find_signature_need"),
        ("paktaleem.directory.people.copies.sections.person_sections", ".signatories.list_signature_sections"),
    )
    families = "duty: Duties of clients"
    facts = "first_side: side that signed first, text_version: version of the text"
    ledger = (
        entry("agreement.document_added", "Document of an agreement added"),
        entry("agreement.document_opened", "Document of an agreement opened"),
        entry("agreement.signature_given", "Agreement signed by one side"),
        entry("agreement.signed", "Agreement signed by both sides"),
        entry("agreement.signing_declined", "Signing of an agreement declined"),
        entry("duty.attested", "Duty of a client attested"),
        entry("duty.reminded", "Client reminded of its duties"),
    )
