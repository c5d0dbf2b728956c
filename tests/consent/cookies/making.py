"""Cookies and a site for tests."""

from datetime import date, datetime
from typing import Any

from consent.cookies.models import BannerVersion, ChoiceSource, Cookie, CookieSite, LinkedService
from consent.cookies.selectors import find_banner
from consent.cookies.services import ChoiceMade, save_cookie, save_link, save_site
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from tests.factories import CAST_AT, SETTING_UP

ORIGIN = "https://lms.khyber.example"


def make_cookie(
    client_id: Any, name: str, category: str, *, actor: Actor = SETTING_UP, at: datetime = CAST_AT, **values: Any
) -> Cookie:
    values = {"provider": "Khyber Institute", "set_by": "site", "purpose_en": f"For {category}.", **values}
    cookie = Cookie(client_id=client_id, name=name, category=category, **{"purpose_ur": "مقصد", **values})
    return save_cookie(cookie, actor=actor, reason=Reason.ONBOARDING, at=at)


def made(version, *accepted, source="banner", signal=False, child=None, language="en"):
    """Return a choice as a browser sends it."""
    how = {"source": ChoiceSource(source), "has_signal": signal, "is_child": child}
    return ChoiceMade(version=version, language=language, accepted=accepted, **how)


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


def new_link(client_id: Any, **values: Any) -> LinkedService:
    urls = {"url": "https://video.example/", "policy_url": "https://video.example/privacy"}
    words = {"name": "Video House", "purpose_en": "Lectures.", "purpose_ur": "لیکچر"}
    return LinkedService(client_id=client_id, **{"review_on": date(2027, 1, 1), **urls, **words, **values})


def make_link(client_id: Any, *, at: datetime = CAST_AT, **values: Any) -> LinkedService:
    return save_link(new_link(client_id, **values), actor=SETTING_UP, reason=Reason.ONBOARDING, at=at)
