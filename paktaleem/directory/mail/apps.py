"""The mail room."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    """Outgoing letters and text messages, each a row until it is sent and afterwards."""

    name = "paktaleem.directory.mail"
    label = "mail"
    verbose_name = "letters"
