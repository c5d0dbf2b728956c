"""Consent forms, answer sheets and the matching queue in the console."""

from consent.paper.admin import forms, queue
