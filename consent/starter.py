"""The starter register: PakTaleem's shared catalogue as its privacy policy promises it (§1–§3, §7). Data only.

Loaded by ``manage.py load_register``; everything in it may be changed afterwards in the console.
"""

from typing import NamedTuple

__all__ = ["CATEGORIES", "OCCASIONS", "PRIVACY_NOTICE", "PURPOSES", "ROLES", "PurposeText"]

ROLES = ("student", "learner", "instructor", "administrator", "guardian")

CATEGORIES = {
    "contact_details": ("Name and contact details", "نام اور رابطے کی معلومات"),
    "credentials": ("Sign-in credentials", "لاگ اِن کی معلومات"),
    "organisation": ("School or organisation", "اسکول یا ادارہ"),
    "billing": ("Billing and payment", "بل اور ادائیگی"),
    "usage_logs": ("Use of the platform and activity logs", "پلیٹ فارم کا استعمال اور سرگرمی کا ریکارڈ"),
    "device": ("Device and browser", "آلہ اور براؤزر"),
    "content": ("Uploaded content and work", "اپ لوڈ کیا گیا مواد اور کام"),
    "support_communications": ("Messages with support", "معاونت سے خط و کتابت"),
}
"""The eight types of personal data: code → names in English and Urdu."""

OCCASIONS = {
    "account_creation": ("An account is created", "اکاؤنٹ بنایا جائے"),
    "subscription": ("A plan is subscribed or an agreement made", "منصوبہ لیا جائے یا معاہدہ ہو"),
    "upload": ("Content is uploaded", "مواد اپ لوڈ کیا جائے"),
    "support_contact": ("Support is contacted", "معاونت سے رابطہ کیا جائے"),
    "assessment": ("An assessment, survey or training is taken", "جائزہ، سروے یا تربیت ہو"),
    "client_access": (
        "The platform is used through a client's account",
        "ادارے کے اکاؤنٹ سے پلیٹ فارم استعمال ہو",
    ),
    "website_browsing": ("The website is visited", "ویب سائٹ دیکھی جائے"),
}
"""The seven occasions of collection: code → names in English and Urdu."""


class PurposeText(NamedTuple):
    """One purpose of the starter register."""

    name_en: str
    name_ur: str
    description_en: str
    description_ur: str
    categories: tuple[str, ...]
    basis: str
    capacity: str
    dpv_term: str
    legal_reference: str = ""


PURPOSES = {
    "account_management": PurposeText(
        "Managing accounts",
        "اکاؤنٹ کا انتظام",
        "Opening, keeping and closing the accounts with which people use the platform.",
        "وہ اکاؤنٹ کھولنا، سنبھالنا اور بند کرنا جن سے لوگ پلیٹ فارم استعمال کرتے ہیں۔",
        ("contact_details", "credentials", "organisation"),
        "contract",
        "processor",
        "dpv:ServiceProvision",
    ),
    "service_delivery": PurposeText(
        "Delivering the learning platform",
        "تعلیمی پلیٹ فارم کی فراہمی",
        "Running courses, lessons, assignments and assessments for the school or organisation.",
        "اسکول یا ادارے کے لیے کورس، اسباق، مشقیں اور جائزے چلانا۔",
        ("contact_details", "organisation", "usage_logs", "content"),
        "contract",
        "processor",
        "dpv:ServiceProvision",
    ),
    "payment_billing": PurposeText(
        "Payments and billing",
        "ادائیگی اور بل",
        "Charging the fees that were agreed, and keeping account of them.",
        "طے شدہ فیس وصول کرنا اور اس کا حساب رکھنا۔",
        ("contact_details", "organisation", "billing"),
        "contract",
        "controller",
        "dpv:PaymentManagement",
    ),
    "support": PurposeText(
        "Support",
        "معاونت",
        "Answering questions and solving problems that people report.",
        "سوالوں کے جواب دینا اور بتائے گئے مسئلے حل کرنا۔",
        ("contact_details", "organisation", "usage_logs", "device", "support_communications"),
        "contract",
        "processor",
        "dpv:CustomerCare",
    ),
    "platform_improvement": PurposeText(
        "Improving the platform",
        "پلیٹ فارم کی بہتری",
        "Finding out what works well and what does not, so that the platform becomes better.",
        "یہ جاننا کہ کیا ٹھیک چل رہا ہے اور کیا نہیں، تاکہ پلیٹ فارم بہتر ہو۔",
        ("usage_logs", "device"),
        "legitimate_interest",
        "controller",
        "dpv:ServiceOptimisation",
    ),
    "legal_compliance": PurposeText(
        "Keeping the law",
        "قانون کی پابندی",
        "Keeping and giving what a law, a regulation or a court demands.",
        "وہ ریکارڈ رکھنا اور دینا جو قانون، ضابطہ یا عدالت طلب کرے۔",
        ("contact_details", "organisation", "billing", "usage_logs"),
        "legal_obligation",
        "controller",
        "dpv:LegalCompliance",
        "Companies Act 2017 s. 220 (books of account); Income Tax Ordinance 2001 s. 174 (records)",
    ),
    "service_communications": PurposeText(
        "Messages about the service",
        "سروس سے متعلق پیغامات",
        "Telling people what they must know about the service: outages, changes, deadlines.",
        "سروس کے بارے میں ضروری اطلاع دینا: تعطل، تبدیلیاں، آخری تاریخیں۔",
        ("contact_details", "organisation"),
        "contract",
        "processor",
        "dpv:CommunicationManagement",
    ),
    "security_integrity": PurposeText(
        "Security",
        "حفاظت",
        "Protecting accounts and data against misuse, and finding out about attacks and faults.",
        "اکاؤنٹ اور معلومات کو غلط استعمال سے بچانا، اور حملوں اور خرابیوں کا پتا لگانا۔",
        ("credentials", "usage_logs", "device"),
        "legitimate_interest",
        "controller",
        "dpv:EnforceSecurity",
    ),
}
"""The eight purposes of the policy's §2, each with its basis of §3 and PakTaleem's part of §7."""

PRIVACY_NOTICE = {
    "en": """How PakTaleem treats personal data

This notice is for everyone who uses the PakTaleem learning platform, and for parents and guardians.

What we hold. Depending on how you use the platform: your name and how to reach you, how you sign in, your school or organisation, bills and payments, what you do on the platform, your device and browser, what you upload, and messages with our support.

What it is for. We use it for the purposes listed in this portal and for no other, and each purpose names the data it needs. Every purpose stands on one lawful basis: a contract, a duty under law, a legitimate interest that was weighed against yours, or your consent.

Who decides. Where your school or organisation decides what is done with your data, we act on its written instructions only. For billing, security, legal duties and the improvement of the platform, PakTaleem decides.

Your consent is yours. Where we ask for consent, you may say no, and you may withdraw a yes at any time, as easily as you gave it. For children under 13, or older where the school's country says so, a parent or guardian decides.

Who receives it. We never sell personal data. Providers who host, process payments or send messages for us receive only what they need, under contract. We disclose what a law or court demands.

How long. No longer than the purpose needs or the law demands; then it is deleted or made anonymous.

Your rights. You may ask to see your data, correct it, delete it, restrict its use, take it with you, object, withdraw consent, and complain to an authority. We answer within 30 days.

Write to support@PakTaleem.com, or ask your school.""",
    "ur": """پاک تعلیم ذاتی معلومات کے ساتھ کیا کرتا ہے

یہ اطلاع پاک تعلیم کا پلیٹ فارم استعمال کرنے والوں، اور والدین اور سرپرستوں کے لیے ہے۔

ہمارے پاس کیا ہے۔ آپ کے استعمال کے مطابق: آپ کا نام اور رابطہ، لاگ اِن کی معلومات، آپ کا اسکول یا ادارہ، بل اور ادائیگیاں، پلیٹ فارم پر آپ کی سرگرمی، آپ کا آلہ اور براؤزر، آپ کا اپ لوڈ کیا ہوا مواد، اور معاونت سے خط و کتابت۔

کس لیے ہے۔ ہم معلومات صرف ان مقاصد کے لیے استعمال کرتے ہیں جو اس پورٹل میں درج ہیں، اور ہر مقصد بتاتا ہے کہ اسے کون سی معلومات درکار ہیں۔ ہر مقصد کی ایک قانونی بنیاد ہے: معاہدہ، قانونی ذمہ داری، ایسا جائز مفاد جسے آپ کے حقوق کے مقابلے میں تولا گیا ہو، یا آپ کی رضامندی۔

فیصلہ کون کرتا ہے۔ جہاں آپ کا اسکول یا ادارہ فیصلہ کرتا ہے، وہاں ہم صرف اس کی تحریری ہدایت پر عمل کرتے ہیں۔ بل، حفاظت، قانونی ذمہ داریوں اور پلیٹ فارم کی بہتری کے لیے فیصلہ پاک تعلیم کرتا ہے۔

رضامندی آپ کی ہے۔ جہاں ہم رضامندی مانگیں، آپ انکار کر سکتے ہیں، اور دی ہوئی رضامندی کسی بھی وقت اتنی ہی آسانی سے واپس لے سکتے ہیں جتنی آسانی سے دی تھی۔ تیرہ سال سے کم عمر بچوں کے لیے، یا جہاں ملک کا قانون زیادہ عمر کہے، والدین یا سرپرست فیصلہ کرتے ہیں۔

کس کو ملتی ہے۔ ہم ذاتی معلومات کبھی نہیں بیچتے۔ جو ادارے ہمارے لیے ہوسٹنگ، ادائیگی یا پیغام رسانی کرتے ہیں انہیں معاہدے کے تحت صرف ضروری معلومات ملتی ہیں۔ جو قانون یا عدالت طلب کرے وہ ہم دیتے ہیں۔

کب تک۔ اتنی ہی دیر جتنی مقصد کو ضرورت ہو یا قانون کہے؛ پھر معلومات مٹا دی جاتی ہیں یا گمنام کر دی جاتی ہیں۔

آپ کے حقوق۔ آپ اپنی معلومات دیکھ سکتے ہیں، درست کرا سکتے ہیں، مٹوا سکتے ہیں، ان کا استعمال محدود کرا سکتے ہیں، اپنے ساتھ لے جا سکتے ہیں، اعتراض کر سکتے ہیں، رضامندی واپس لے سکتے ہیں، اور کسی مجاز ادارے سے شکایت کر سکتے ہیں۔ ہم تیس دن کے اندر جواب دیتے ہیں۔

support@PakTaleem.com پر لکھیں، یا اپنے اسکول سے پوچھیں۔""",
}
"""The first version of the privacy notice, in our own words."""
