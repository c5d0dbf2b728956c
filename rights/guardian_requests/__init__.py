"""Guardians' requests about a child's data, and anyone's concerns about it: pages, API and console."""
