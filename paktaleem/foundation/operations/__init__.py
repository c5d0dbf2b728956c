"""Start checks, diagnosis, jobs, logs, metrics and extension points of a running portal."""
