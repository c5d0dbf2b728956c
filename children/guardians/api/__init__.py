"""API operations on guardians."""
