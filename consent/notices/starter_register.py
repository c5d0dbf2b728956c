"""The starter register: PakTaleem's shared catalogue, as in its privacy policy (§1–§3, §7). Data only.

Loaded by ``manage.py load_register``; all of it can be changed in the console afterwards.
"""

from pathlib import Path
from typing import NamedTuple

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
    "client_access": ("The platform is used through a client's account", "ادارے کے اکاؤنٹ سے پلیٹ فارم استعمال ہو"),
    "website_browsing": ("The website is visited", "ویب سائٹ دیکھی جائے"),
}
"""The seven occasions of collection: code → names in English and Urdu."""


class PurposeText(NamedTuple):
    """One purpose of the starter register.

    ``needs_account``: after a person's account is closed, nothing more is done for this purpose than storing and
    deleting. The comment beside it gives the reason, from the policy's list of purposes (§2).
    """

    name_en: str
    name_ur: str
    description_en: str
    description_ur: str
    categories: tuple[str, ...]
    basis: str
    capacity: str
    dpv_term: str
    needs_account: bool
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
        # “To create and manage client and end user accounts”: there is no account left to manage.
        needs_account=True,
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
        # “To deliver and maintain the Services”: a person without an account does not use them.
        needs_account=True,
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
        # Fees owed, refunds and accounts are settled after an account is closed too.
        needs_account=False,
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
        # “To respond to enquiries”: a person may ask for help or for their records after they have left.
        needs_account=False,
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
        # “User experience”: data of people who have left is not necessary for it (“limited to what is necessary”).
        needs_account=True,
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
        # Legal duties do not end with the account.
        needs_account=False,
        legal_reference="Companies Act 2017 s. 220; Income Tax Ordinance 2001 s. 174",
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
        # “Service-related communications and updates”: a person who has left does not use the service.
        needs_account=True,
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
        # Misuse of an account is often found, and must be investigated, after it is closed.
        needs_account=False,
    ),
}
"""The eight purposes of the policy's §2, each with its lawful basis (§3) and PakTaleem's role (§7)."""

_TEXTS = Path(__file__).with_name("texts")

PRIVACY_NOTICE = {
    language: (_TEXTS / f"privacy_notice.{language}.txt").read_text(encoding="utf-8") for language in ("en", "ur")
}
"""The first version of the privacy notice, written for this project."""
