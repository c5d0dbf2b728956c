"""Email with the weekly digest; it names no data subject."""

from paktaleem.directory.mail.kinds import declare_message

WEEKLY_DIGEST = declare_message(
    "weekly_digest", fields=("first", "last", "looks", "waiting", "coming", "url", "stop_url")
)
