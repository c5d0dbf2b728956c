"""Webhooks: signed notifications of events to clients' systems, delivered at least once (Standard Webhooks 1.0)."""
