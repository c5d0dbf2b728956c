"""Selectors of the register, consents and decisions."""
