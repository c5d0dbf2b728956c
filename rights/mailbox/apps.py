"""Django app of the support mailbox."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, entry


class MailboxConfig(PortalAppConfig):
    name = "rights.mailbox"
    verbose_name = "support mailbox"
    handlers = (
        ("paktaleem.foundation.upkeep.periods.kinds.data_kinds", ".services.MAILBOX_MESSAGES"),
        ("paktaleem.foundation.encryption.wrapped_secrets.wrapped_kinds", ".contents.MESSAGE_KEYS"),
        ("paktaleem.directory.people.copies.sections.person_sections", ".contents.list_mailbox_sections"),
        ("paktaleem.directory.mail.recipients.reply_addresses", ".addresses.find_case_address"),
        ("paktaleem.foundation.operations.diagnosis.doctor_checks", ".imap.check_mailbox"),
    )
    families = "message: Messages in the mailbox"
    ledger = (
        entry("message.file_taken", "File of a message downloaded"),
        entry("message.read message.received message.settled"),
    )
