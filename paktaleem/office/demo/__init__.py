"""The demonstration: a small portal with sample data, started by one command for trial, scripts and tests."""
