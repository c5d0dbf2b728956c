"""App configuration of emails and text messages."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    """Outgoing emails and text messages, each stored as a row."""

    name = "paktaleem.directory.mail"
    label = "mail"
    verbose_name = "emails and text messages"
