"""Refusal to start with unsafe settings or an unsafe database connection."""
