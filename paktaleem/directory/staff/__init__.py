"""Accounts of the staff, their sign-in and their access reviews."""
