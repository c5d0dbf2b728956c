"""Requests by which people exercise their rights: intake, deadlines, decision, answer."""
