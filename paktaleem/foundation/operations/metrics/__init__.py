"""Metrics for Prometheus: counters of each process, and gauges read from the database when they are asked for."""
