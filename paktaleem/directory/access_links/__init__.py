"""Access to a person's own page without an account: an access link, then a one-time code."""
