"""Endpoints of the learning platform for people."""
