"""Email to the sender whose copy was built again after the answer: that it is ready, never the copy itself."""

from paktaleem.directory.mail.kinds import declare_message

COPY_READY = declare_message("rights_copy_ready", fields=("number", "until", "url"))
