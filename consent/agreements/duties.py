"""Duties that a client attests each year as controller (policy §7): texts, due days, breaches. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from paktaleem.foundation.text.marking import mark as _

NEAR = timedelta(days=30)
"""From this time before its due day a duty is on the to-do of both sides."""
WITHIN = timedelta(days=30)
"""How long a client has for its first attestations, and to confirm a line of its data map."""
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
DATA_MAP = Duty(
    "data_map",
    _("Data map confirmed"),
    "We confirm what each system holds of our people: each line of the data map when it changes, and every year.",
    "ہم تصدیق کرتے ہیں کہ ہر سسٹم کیا معلومات رکھتا ہے: معلومات کے نقشے کی ہر سطر، تبدیلی پر اور ہر سال۔",
)
"""The duty that is fulfilled line by line, on the page of the data map."""


def hash_text(duty: Duty) -> str:
    """Return the SHA-256 of both texts of a duty, in hexadecimal digits."""
    return sha256(f"{duty.text_en}\n{duty.text_ur}".encode()).hexdigest()


def compute_due_day(agreement_started_on: date, attested_until: date | None) -> date:
    """Return when a duty must be attested: 30 days after the agreement's start, then when the last one runs out."""
    return attested_until or agreement_started_on + WITHIN


def compute_valid_until(attested_on: date) -> date:
    """Return the day on which an attestation runs out: the same day a year later; 28 February for 29 February."""
    try:
        return attested_on.replace(year=attested_on.year + 1)
    except ValueError:
        return attested_on.replace(year=attested_on.year + 1, day=28)


def find_breach_day(due_days: Iterable[date], extended_until: date | None) -> date | None:
    """Return from which day an agreement is breached: the day after the first due day, or after an extension."""
    first = min(due_days, default=None)
    return None if first is None else max(first, extended_until or first) + timedelta(days=1)


def is_reminder_day(due_on: date, today: date) -> bool:
    """Return True 30, 7, 1 and 0 days before a duty is due, and every 7 days after."""
    left = (due_on - today).days
    return left in _BEFORE or (left < 0 and -left % _EVERY == 0)
