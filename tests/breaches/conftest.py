"""Fixtures of retention: Indus, and collections that its platform reports."""
