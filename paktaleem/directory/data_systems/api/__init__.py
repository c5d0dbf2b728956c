"""The orders API: a system fetches and answers its orders."""
