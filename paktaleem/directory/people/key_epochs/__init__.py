"""Renewal of the wrapping keys by epoch: people's keys, and every other kind."""
