"""Duties that a client attests each year as controller (policy §7): their text, and when they are due. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from paktaleem.foundation.text.marking import mark as _

NEAR = timedelta(days=30)
"""From this time before its due day a duty is on the to-do of both sides."""
_FIRST_WITHIN = timedelta(days=30)
_BEFORE = (30, 7, 1, 0)
_EVERY = 7
TEXT_VERSION = 1
"""Version of the text of the duties: raise it when a text below changes."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty of a client as controller, with its text in both languages; some are shown by a link."""

    code: str
    title: str
    text_en: str
    text_ur: str
    needs_link: bool = False


DUTIES = (
    Duty(
        "lawful_collection",
        _("Lawful collection"),
        "We collect the personal data that we give to PakTaleem lawfully, with consent where the law requires it.",
        "ہم پاک تعلیم کو جو ذاتی معلومات دیتے ہیں، وہ قانون کے مطابق، اور جہاں لازم ہو رضامندی سے، جمع کرتے ہیں۔",
    ),
    Duty(
        "users_informed",
        _("Users informed"),
        "We inform our users how their data is collected and used, on the page linked here.",
        "ہم اپنے صارفین کو اس لنک والے صفحے پر بتاتے ہیں کہ ان کی معلومات کیسے جمع اور استعمال ہوتی ہیں۔",
        needs_link=True,
    ),
    Duty(
        "law_complied",
        _("Law complied with"),
        "We comply with the data protection law that applies to us.",
        "ہم معلومات کے تحفظ کے اس قانون پر عمل کرتے ہیں جو ہم پر لاگو ہے۔",
    ),
)


def hash_text(duty: Duty) -> str:
    """Return the SHA-256 of both texts of a duty, in hexadecimal digits."""
    return sha256(f"{duty.text_en}\n{duty.text_ur}".encode()).hexdigest()


def compute_due_day(agreement_started_on: date, attested_until: date | None) -> date:
    """Return when a duty must be attested: 30 days after the agreement's start, then when the last one runs out."""
    return attested_until or agreement_started_on + _FIRST_WITHIN


def compute_valid_until(attested_on: date) -> date:
    """Return the day on which an attestation runs out: the same day a year later; 28 February for 29 February."""
    try:
        return attested_on.replace(year=attested_on.year + 1)
    except ValueError:
        return attested_on.replace(year=attested_on.year + 1, day=28)


def is_reminder_day(due_on: date, today: date) -> bool:
    """Return True 30, 7, 1 and 0 days before a duty is due, and every 7 days after."""
    left = (due_on - today).days
    return left in _BEFORE or (left < 0 and -left % _EVERY == 0)
