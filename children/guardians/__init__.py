"""Guardians: who may act for a child, and how they were verified."""
