"""App configuration of emails and text messages."""

from paktaleem.foundation.operations import extensions


class MailConfig(extensions.PortalAppConfig):
    """Outgoing emails and text messages, each stored as a row."""

    name = "paktaleem.directory.mail"
    verbose_name = "emails and text messages"
    handlers = (
        ("paktaleem.foundation.operations.metrics.gauge_readers", "paktaleem.directory.mail.selectors.read_messages"),
        (
            "paktaleem.foundation.operations.diagnosis.doctor_checks",
            "paktaleem.directory.mail.selectors.check_mail_server",
        ),
        (
            "paktaleem.foundation.operations.diagnosis.doctor_checks",
            "paktaleem.directory.mail.selectors.check_messages",
        ),
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", "paktaleem.directory.mail.services.MESSAGES"),
        (
            "paktaleem.directory.people.copies.sections.person_sections",
            "paktaleem.directory.mail.selectors.list_mail_sections",
        ),
        (
            "paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds",
            "paktaleem.directory.mail.recipients.ADDRESS_KEYS",
        ),
    )
