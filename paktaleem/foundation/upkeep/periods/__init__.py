"""The periods after which the portal disposes of its own data."""
