"""Reviews of access: each quarter, the administrators of a client confirm who has access."""
