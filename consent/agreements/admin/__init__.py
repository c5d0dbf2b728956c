"""Agreements in the console: their life, documents and signatures; contacts; attested duties."""

from consent.agreements.admin import agreements, contacts
