"""The console pages of consent, gathered from its packages."""

from consent.admin import dashboard
