"""The console pages of consent, gathered from its packages."""

from consent.admin import dashboard
from consent.agreements import admin as agreements
from consent.consents import admin as consents
from consent.notices import admin as notices
from consent.receipts import admin as receipts
from consent.register import admin as register
