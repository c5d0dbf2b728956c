"""Email to officers about security events."""

from paktaleem.directory.mail.kinds import declare_message

SECURITY_ALERT = declare_message("security_alert", fields=("kind", "number", "url"))
