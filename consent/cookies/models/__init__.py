"""Models of cookies, the sites with the banner, visitors' choices, and linked services."""

from consent.cookies.models.choices import BannerVersion, ChoiceSource, CookieChoice, Visitor
from consent.cookies.models.links import LinkedService, LinkedServiceQuerySet
from consent.cookies.models.register import OPTIONAL, Cookie, CookieCategory, CookieSite, SetBy, Storage

__all__ = [
    "OPTIONAL",
    "BannerVersion",
    "ChoiceSource",
    "Cookie",
    "CookieCategory",
    "CookieChoice",
    "CookieSite",
    "LinkedService",
    "LinkedServiceQuerySet",
    "SetBy",
    "Storage",
    "Visitor",
]
