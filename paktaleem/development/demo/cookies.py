"""Cookies of the demonstration's learning platforms, their sites with the banner, and linked services."""

from datetime import datetime, timedelta
from uuid import UUID

from consent.cookies.models.links import LinkedService
from consent.cookies.models.register import Cookie, CookieCategory, CookieSite, SetBy, Storage
from consent.cookies.script import ENTRIES
from consent.cookies.services.register import save_cookie, save_link, save_site
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.context import in_client
from paktaleem.foundation.tenancy.ids import PAKTALEEM

_WHY = Reason.ONBOARDING
_NECESSARY, _PREFERENCES, _ANALYTICS = CookieCategory.NECESSARY, CookieCategory.PREFERENCES, CookieCategory.ANALYTICS
_COOKIES: tuple[tuple[str, CookieCategory, SetBy, str, int | None, str, str], ...] = (
    (
        "lms_session",
        _NECESSARY,
        SetBy.SITE,
        "PakTaleem",
        1,
        "Keeps you signed in to the learning platform.",
        "آپ کو تعلیمی پلیٹ فارم پر سائن ان رکھتی ہے۔",
    ),
    (
        "paktaleem_cookie_choice",
        _NECESSARY,
        SetBy.SITE,
        "PakTaleem",
        182,
        "Remembers your choice about cookies.",
        "کوکیز کے بارے میں آپ کا انتخاب یاد رکھتی ہے۔",
    ),
    (
        "paktaleem_cookie_state",
        _NECESSARY,
        SetBy.SITE,
        "PakTaleem",
        None,
        "Remembers when and under which number you chose about cookies.",
        "یاد رکھتا ہے کہ آپ نے کوکیز کا انتخاب کب اور کس نمبر کے تحت کیا۔",
    ),
    (
        "lms_theme",
        _PREFERENCES,
        SetBy.SITE,
        "PakTaleem",
        180,
        "Remembers light or dark colours and the size of text.",
        "ہلکے یا گہرے رنگ اور متن کا سائز یاد رکھتی ہے۔",
    ),
    (
        "_stats*",
        _ANALYTICS,
        SetBy.THIRD_PARTY,
        "Hunza Statistics",
        30,
        "Counts visits to pages, without names.",
        "ناموں کے بغیر صفحات پر آمد گنتی ہے۔",
    ),
)
_STORED = dict(ENTRIES)
"""Where the entries of the script are stored; the platform's own are cookies."""
_LINKS = (
    (
        "Ravi Video",
        "https://video.example/",
        "https://video.example/privacy",
        "Recorded lectures are shown there.",
        "ریکارڈ شدہ لیکچر وہاں دکھائے جاتے ہیں۔",
        180,
    ),
    (
        "Open Library of Lahore",
        "https://library.example/",
        "https://library.example/privacy",
        "Teachers link to its books.",
        "اساتذہ اس کی کتابوں کے لنک دیتے ہیں۔",
        30,
    ),
)


def fill_cookies(client_id: UUID, *, actor: Actor, at: datetime) -> None:
    """Add the cookies and the site of one client, unless it has a site."""
    with in_client(client_id):
        if CookieSite.objects.filter(client_id=client_id).exists():
            return
        for name, category, set_by, provider, days, purpose_en, purpose_ur in _COOKIES:
            cookie = Cookie(
                client_id=client_id,
                name=name,
                category=category,
                set_by=set_by,
                provider=provider,
                storage=_STORED.get(name, Storage.COOKIE),
                days=days,
                purpose_en=purpose_en,
                purpose_ur=purpose_ur,
            )
            save_cookie(cookie, actor=actor, reason=_WHY, at=at)
        save_site(CookieSite(client_id=client_id, origins=["http://localhost:8080"]), actor=actor, reason=_WHY, at=at)


def fill_links(*, actor: Actor, at: datetime) -> None:
    """Add the services that the platform links to, unless there is one."""
    with in_client(PAKTALEEM):
        if LinkedService.objects.filter(client_id=PAKTALEEM).exists():
            return
        for name, url, policy_url, purpose_en, purpose_ur, days in _LINKS:
            link = LinkedService(
                client_id=PAKTALEEM,
                name=name,
                url=url,
                policy_url=policy_url,
                purpose_en=purpose_en,
                purpose_ur=purpose_ur,
                review_on=(at + timedelta(days=days)).date(),
            )
            save_link(link, actor=actor, reason=_WHY, at=at)
