"""Erasures in the console."""

from rights.erasures.admin import dashboard, erasures, leavers, proposing
