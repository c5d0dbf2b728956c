"""Tests of disclosures to recipients."""
