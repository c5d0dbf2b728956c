"""Tests of the structured logs."""
