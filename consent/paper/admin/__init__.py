"""Consent forms and the answers typed from them in the console."""

from consent.paper.admin import answers, forms
