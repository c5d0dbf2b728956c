"""The worker's care for its own jobs."""
