"""Tests of the weekly digest."""
