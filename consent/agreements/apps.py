"""Django app of agreements: signatures, documents, contacts, attested duties."""

from paktaleem.foundation.operations import extensions


class AgreementsConfig(extensions.PortalAppConfig):
    name = "consent.agreements"
    verbose_name = "agreements"
    handlers = (
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", "consent.agreements.models.DOCUMENT_KEYS"),
    )
