"""Signing in: password, second factor, lock-out, what a session is kept as. On top of accounts and the keyring."""
