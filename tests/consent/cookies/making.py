"""Cookies and a site for tests."""

from datetime import date, datetime
from typing import Any

from consent.cookies.models import BannerVersion, Cookie, CookieSite, LinkedService
from consent.cookies.selectors import find_banner
from consent.cookies.services import save_cookie, save_link, save_site
from paktaleem.foundation.audit.actors import Reason
from tests.factories import CAST_AT, SETTING_UP

ORIGIN = "https://lms.khyber.example"


def make_cookie(client_id: Any, name: str, category: str, *, at: datetime = CAST_AT, **values: Any) -> Cookie:
    cookie = Cookie(
        client_id=client_id,
        name=name,
        provider=values.pop("provider", "Khyber Institute"),
        set_by=values.pop("set_by", "site"),
        category=category,
        purpose_en=values.pop("purpose_en", f"For {category}."),
        purpose_ur=values.pop("purpose_ur", "مقصد"),
        **values,
    )
    return save_cookie(cookie, actor=SETTING_UP, reason=Reason.ONBOARDING, at=at)


def get_banner(client_id: Any) -> BannerVersion:
    found = find_banner(client_id)
    assert found is not None
    return found


def make_usual_cookies(client_id: Any) -> None:
    """Add one cookie of each category; that of statistics is the site's own, that of advertising a third party's."""
    make_cookie(client_id, "lms_session", "necessary")
    make_cookie(client_id, "lms_theme", "preferences", days=180)
    make_cookie(client_id, "_stats*", "analytics", days=30)
    make_cookie(client_id, "_ads", "advertising", days=90, set_by="third_party", provider="Adnet")


def make_site(client_id: Any, *origins: str, at: datetime = CAST_AT) -> CookieSite:
    site = CookieSite(client_id=client_id, origins=list(origins) or [ORIGIN])
    return save_site(site, actor=SETTING_UP, reason=Reason.ONBOARDING, at=at)


def make_link(client_id: Any, *, at: datetime = CAST_AT, **values: Any) -> LinkedService:
    link = LinkedService(
        client_id=client_id,
        name=values.pop("name", "Video House"),
        url=values.pop("url", "https://video.example/"),
        policy_url=values.pop("policy_url", "https://video.example/privacy"),
        purpose_en="Lectures.",
        purpose_ur="لیکچر",
        review_on=values.pop("review_on", date(2027, 1, 1)),
    )
    return save_link(link, actor=SETTING_UP, reason=Reason.ONBOARDING, at=at)
