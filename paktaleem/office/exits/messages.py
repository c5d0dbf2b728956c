"""Emails about exits."""

from paktaleem.directory.mail.kinds import declare_message

EXPORT_READY = declare_message("exit_export_ready", fields=("school", "number", "day"))
