"""Fixture of the tests of disclosures: a signed-in browser."""

from tests.console.conftest import sign_in
