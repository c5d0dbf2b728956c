"""Fixtures of the console."""

from tests.console.conftest import sign_in
