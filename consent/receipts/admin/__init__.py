"""Consent events, receipts and the timeline of a person in the console."""

from consent.receipts.admin import events, timeline
