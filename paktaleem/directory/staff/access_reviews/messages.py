"""Email to administrators about a review of access."""

from paktaleem.directory.mail.kinds import declare_message

REVIEW_DUE = declare_message("access_review_due", fields=("day", "url"))
