"""Tests of security events."""
