"""The sandbox API."""
