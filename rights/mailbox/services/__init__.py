"""Services of the mailbox."""
