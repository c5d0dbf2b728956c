"""The mailbox in the console."""

from rights.mailbox.admin import dashboard, messages, panels
