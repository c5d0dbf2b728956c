"""Services of cookies and links."""

from consent.cookies.services.choices import (
    BannerOutdated,
    ChildMayNotAccept,
    ChoiceMade,
    NothingToChoose,
    record_choice,
)
from consent.cookies.services.register import publish_banner, review_link, save_cookie, save_link, save_site

__all__ = [
    "BannerOutdated",
    "ChildMayNotAccept",
    "ChoiceMade",
    "NothingToChoose",
    "publish_banner",
    "record_choice",
    "review_link",
    "save_cookie",
    "save_link",
    "save_site",
]
