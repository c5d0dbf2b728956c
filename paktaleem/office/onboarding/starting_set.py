"""The starting set: purposes that clients often add, each based on consent, with notice and retention. Data only.

PakTaleem's own purposes (policy §2) apply to every client and are not repeated here; a client only instructs them.
"""

from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import get_language

_TEXTS = Path(__file__).resolve().parent / "texts"


@dataclass(frozen=True, slots=True)
class StartingPurpose:
    """One purpose based on consent, with its notice.

    Its data is deleted once ``period`` (ISO 8601) has passed since the consent ended, for the reason ``ground``.
    """

    code: str
    name_en: str
    name_ur: str
    description_en: str
    description_ur: str
    categories: tuple[str, ...]
    period: str
    ground_en: str
    ground_ur: str

    def __str__(self) -> str:
        return self.name_ur if get_language() == "ur" else self.name_en

    @property
    def text_en(self) -> str:
        return self._read_text("en")

    @property
    def text_ur(self) -> str:
        return self._read_text("ur")

    def _read_text(self, language: str) -> str:
        return (_TEXTS / f"{self.code}.{language}.txt").read_text(encoding="utf-8").strip()


_LISTS = (
    "Default: lists are cleaned once a month; then nothing more is needed.",
    "طے شدہ مدت: فہرستیں مہینے میں ایک بار صاف کی جاتی ہیں؛ اس کے بعد کسی چیز کی ضرورت نہیں رہتی۔",
)

STARTING_PURPOSES = {
    one.code: one
    for one in (
        StartingPurpose(
            "newsletter",
            "Newsletter",
            "خبرنامہ",
            "Sending a monthly email about new courses and events.",
            "نئے کورسز اور تقریبات کے بارے میں ماہانہ ای میل بھیجنا۔",
            ("contact_details",),
            "P30D",
            *_LISTS,
        ),
        StartingPurpose(
            "product_research",
            "Research on our courses",
            "ہمارے کورسز پر تحقیق",
            "Inviting people to interviews and studying how courses are used, to make them better.",
            "کورسز کو بہتر بنانے کے لیے لوگوں کو گفتگو کی دعوت دینا اور ان کے استعمال کا مطالعہ کرنا۔",
            ("contact_details", "usage_logs"),
            "P30D",
            *_LISTS,
        ),
        StartingPurpose(
            "photographs",
            "Photographs on the school's page",
            "سکول کے صفحے پر تصویریں",
            "Showing photographs of lessons and celebrations on the school's page.",
            "اسباق اور تقریبات کی تصویریں سکول کے صفحے پر دکھانا۔",
            ("content", "organisation"),
            "P30D",
            "Default: within thirty days the photographs are taken down, also from the backups of the page.",
            "طے شدہ مدت: تیس دن کے اندر تصویریں ہٹا دی جاتی ہیں، صفحے کے بیک اپ سے بھی۔",
        ),
    )
}

_RULES = "Admission rules of the school"

STARTING_MECHANISMS = {
    "age": {
        "description": (
            "The school reads the birth date from the birth certificate or the B-Form at admission and enters it "
            "in its records. It changes a birth date only on such a document."
        ),
        "description_ur": (
            "سکول داخلے کے وقت تاریخِ پیدائش پیدائشی سرٹیفکیٹ یا ب فارم سے پڑھ کر اپنے ریکارڈ میں درج کرتا ہے۔ "
            "تبدیلی صرف ایسی دستاویز کی بنیاد پر کی جاتی ہے۔"
        ),
        "reference": _RULES,
    },
    "consent": {
        "description": (
            "A parent or guardian signs the consent form at admission. The office checks the signature against the "
            "admission file, and records the answer here."
        ),
        "description_ur": (
            "والد، والدہ یا سرپرست داخلے کے وقت رضامندی کے فارم پر دستخط کرتے ہیں۔ "
            "دفتر دستخط کا داخلے کی فائل سے موازنہ کرتا ہے اور جواب یہاں درج کرتا ہے۔"
        ),
        "reference": _RULES,
    },
}
"""Common wordings of how ages are verified and how guardians consent, by kind and field. The client changes them."""
