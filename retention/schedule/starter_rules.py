"""The starter rules: PakTaleem's shared retention rules. Data only.

The privacy policy (§4) promises that data is kept only as long as the purpose needs it, and then deleted or anonymised;
it names no period. Each period here is therefore PakTaleem's default, and ``ground_en`` says why it was chosen; only
the period for legal duties follows from a law, the one that the purpose itself cites. Clients set their own
periods up to the maximum. Loaded by ``manage.py load_register``; all of it can be changed in the console afterwards.
"""

from typing import NamedTuple


class StarterRule(NamedTuple):
    """One shared rule for some categories of a purpose; ``method`` is empty if the data is deleted."""

    purpose: str
    categories: tuple[str, ...]
    trigger: str
    period: str
    maximum: str
    ground_en: str
    ground_ur: str
    method: str = ""
    minimum: str = ""


_RETURN = (
    "Default: people who come back within a year find their account.",
    "طے شدہ مدت: جو لوگ ایک سال کے اندر واپس آئیں، انہیں اپنا اکاؤنٹ مل جائے۔",
)
_LEARNING = (
    "Default: certificates and marks can be asked for until a year after leaving.",
    "طے شدہ مدت: جانے کے ایک سال بعد تک اسناد اور نمبر طلب کیے جا سکتے ہیں۔",
)
_FEES = (
    "Default: questions about fees and refunds are settled within three years.",
    "طے شدہ مدت: فیس اور رقم کی واپسی کے سوال تین سال کے اندر طے ہو جاتے ہیں۔",
)
_BOOKS = (
    "Books of account are kept for ten years: Companies Act 2017, section 220.",
    "حسابات کے کھاتے دس سال رکھے جاتے ہیں: کمپنیز ایکٹ 2017، دفعہ 220۔",
)

STARTER_RULES = (
    StarterRule("account_management", ("contact_details", "organisation"), "account_closed", "P1Y", "P3Y", *_RETURN),
    StarterRule(
        "account_management",
        ("credentials",),
        "account_closed",
        "P30D",
        "P1Y",
        "Default: a closed account is not signed in to; thirty days cover a closing by mistake.",
        "طے شدہ مدت: بند اکاؤنٹ میں لاگ اِن نہیں ہوتا؛ تیس دن غلطی سے بند ہونے کی صورت کے لیے کافی ہیں۔",
    ),
    StarterRule(
        "service_delivery",
        ("contact_details", "organisation", "usage_logs", "content"),
        "account_closed",
        "P1Y",
        "P5Y",
        *_LEARNING,
    ),
    StarterRule("payment_billing", ("contact_details", "organisation", "billing"), "collected", "P3Y", "P10Y", *_FEES),
    StarterRule(
        "support",
        ("contact_details", "organisation", "support_communications"),
        "collected",
        "P2Y",
        "P3Y",
        "Default: an earlier conversation helps with a similar problem for two years.",
        "طے شدہ مدت: پچھلی گفتگو دو سال تک ملتے جلتے مسئلے میں مدد دیتی ہے۔",
    ),
    StarterRule(
        "support",
        ("usage_logs", "device"),
        "collected",
        "P6M",
        "P1Y",
        "Default: a reported problem is traced and solved within six months.",
        "طے شدہ مدت: بتایا گیا مسئلہ چھ ماہ کے اندر تلاش اور حل ہو جاتا ہے۔",
    ),
    StarterRule(
        "platform_improvement",
        ("usage_logs", "device"),
        "collected",
        "P6M",
        "P1Y",
        "Default: trends are found in six months of use; then only groups remain.",
        "طے شدہ مدت: رجحان چھ ماہ کے استعمال سے معلوم ہو جاتے ہیں؛ پھر صرف گروہ باقی رہتے ہیں۔",
        method="generalise",
    ),
    StarterRule(
        "legal_compliance",
        ("contact_details", "organisation", "billing"),
        "collected",
        "P10Y",
        "",
        *_BOOKS,
        minimum="P10Y",
    ),
    StarterRule(
        "legal_compliance",
        ("usage_logs",),
        "collected",
        "P1Y",
        "P3Y",
        "Default: authorities ask for activity records within a year.",
        "طے شدہ مدت: حکام ایک سال کے اندر سرگرمی کا ریکارڈ طلب کرتے ہیں۔",
    ),
    StarterRule(
        "service_communications",
        ("contact_details", "organisation"),
        "account_closed",
        "P30D",
        "P1Y",
        "Default: a last message about a closed account is sent within thirty days.",
        "طے شدہ مدت: بند اکاؤنٹ کے بارے میں آخری پیغام تیس دن کے اندر بھیجا جاتا ہے۔",
    ),
    StarterRule(
        "security_integrity",
        ("credentials", "usage_logs", "device"),
        "collected",
        "P1Y",
        "P2Y",
        "Default: misuse of an account is often found only months later.",
        "طے شدہ مدت: اکاؤنٹ کا غلط استعمال اکثر مہینوں بعد معلوم ہوتا ہے۔",
    ),
)
"""A rule for every category of every starter purpose."""
