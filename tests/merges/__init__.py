"""Tests of records that are one person."""
