"""Emails about the duties that a client attests."""

from paktaleem.directory.mail.kinds import declare_message

DUTIES_DUE = declare_message("agreement_duties_due", fields=("school", "day", "url"))
