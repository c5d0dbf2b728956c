"""App configuration of emails and text messages."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class MailConfig(PortalAppConfig):
    name = "paktaleem.directory.mail"
    verbose_name = "emails and text messages"
    handlers = (
        ("paktaleem.foundation.operations.metrics.gauge_readers", ".selectors.read_messages"),
        ("paktaleem.foundation.operations.diagnosis.doctor_checks", ".selectors.check_mail_server"),
        ("paktaleem.foundation.operations.diagnosis.doctor_checks", ".selectors.check_messages"),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.MESSAGES"),
        ("paktaleem.directory.people.copies.sections.person_sections", ".selectors.list_mail_sections"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".recipients.ADDRESS_KEYS"),
    )
    families = "letter: Emails and text messages"
    facts = "letter: email or text message, message_id: message number, related: about"
    ledger = (
        entry("letter.failed", "Message not delivered"),
        entry("letter.requeued", "Message queued again"),
        entry("letter.sent", "Message sent"),
    )
