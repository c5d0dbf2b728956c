"""API operations on collections and activity."""
