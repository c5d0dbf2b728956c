"""Messages of rectifications."""

from paktaleem.directory.mail.kinds import declare_message

CONTACT_CHANGED = declare_message("contact_changed", fields=("url",), is_texted=True)
"""A notice to a contact on file before a contact changed: that it changed, and how to object. It names no person."""
