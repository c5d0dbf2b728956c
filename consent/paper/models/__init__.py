"""Consent forms, uploaded answer sheets, and their rows in the matching queue."""

from consent.paper.models import forms, sheets
