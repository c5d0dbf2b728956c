"""Webhooks: what happened, told to the systems a client names, signed, at least once (Standard Webhooks 1.0)."""
