"""Loading the cookies of the portal itself into PakTaleem's register."""

from datetime import datetime

from consent.cookies.models.register import Cookie, CookieCategory, SetBy
from consent.cookies.services.register import publish_banner
from consent.register.services.register import change_register
from paktaleem.foundation.accounts.actors import Actor
from paktaleem.foundation.audit.actors import Reason
from paktaleem.foundation.tenancy.ids import PAKTALEEM

PORTAL_COOKIES: tuple[tuple[str, int, str, str], ...] = (
    (
        "sessionid",
        1,
        "Keeps staff signed in to the console.",
        "عملے کو کنسول میں سائن ان رکھتی ہے۔",
    ),
    (
        "csrftoken",
        365,
        "Shows that a form was sent from this portal, not from another site.",
        "ظاہر کرتی ہے کہ فارم اسی پورٹل سے بھیجا گیا، کسی اور سائٹ سے نہیں۔",
    ),
    (
        "language",
        365,
        "Remembers the language of staff.",
        "عملے کی منتخب زبان یاد رکھتی ہے۔",
    ),
    (
        "paktaleem_*",
        1,
        "Keeps you signed in to your own page after you entered a code.",
        "کوڈ درج کرنے کے بعد آپ کو اپنے صفحے پر سائن ان رکھتی ہے۔",
    ),
    (
        "cookie_choice_*",
        182,
        "Remembers your choice about cookies on the page about cookies.",
        "کوکیز کے صفحے پر آپ کا انتخاب یاد رکھتی ہے۔",
    ),
)
"""Cookies that the portal sets: name, days, and purpose in both languages. All of them are necessary."""


def load_starter_cookies(actor: Actor, at: datetime) -> int:
    """Add the portal's own cookies that are not in the register; returns the number of rows added (policy §10).

    Connected to ``starter_parts``; runs in PakTaleem's own context. Raises NotAllowed.
    """
    known = set(Cookie.objects.filter(client_id=PAKTALEEM).values_list("name", flat=True))
    missing = [one for one in PORTAL_COOKIES if one[0] not in known]
    for name, days, purpose_en, purpose_ur in missing:
        cookie = Cookie(
            client_id=PAKTALEEM,
            name=name,
            provider="PakTaleem",
            set_by=SetBy.SITE,
            category=CookieCategory.NECESSARY,
            purpose_en=purpose_en,
            purpose_ur=purpose_ur,
            days=days,
        )
        change_register(cookie, actor=actor, reason=Reason.ONBOARDING, at=at)
    publish_banner(PAKTALEEM, actor=actor, at=at)
    return len(missing)
