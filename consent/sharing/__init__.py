"""Disclosures: what was shared with which recipient, for what, and what the decision was."""
