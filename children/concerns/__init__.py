"""Concerns about children's data and guardians' requests, as cases with a deadline."""
