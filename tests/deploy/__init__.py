"""Tests of the examples for a deployment."""
