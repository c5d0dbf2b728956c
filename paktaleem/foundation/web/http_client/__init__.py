"""Outbound HTTP: allowed destinations and the client."""
