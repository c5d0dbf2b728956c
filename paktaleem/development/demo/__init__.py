"""The demonstration: a small filled portal, started in one command for trial, scripts and tests."""
