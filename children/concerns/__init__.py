"""Concerns about children's data, and what guardians ask for: cases with a clock."""
