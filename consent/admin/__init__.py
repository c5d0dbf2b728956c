"""The console pages of consent, gathered from its packages."""

from consent.consents import admin as consents
from consent.decisions import admin as decisions
from consent.notices import admin as notices
from consent.receipts import admin as receipts
from consent.register import admin as register
