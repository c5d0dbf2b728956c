"""Names of ledger acts, their families and facts."""

from django.utils.translation import gettext

from paktaleem.foundation.audit.acts import ACT_NAMES
from paktaleem.foundation.text.marking import mark as _


def get_act_name(kind: str) -> str:
    """Return the translated name of an act; for a kind that is no longer recorded, the kind itself."""
    return gettext(ACT_NAMES[kind]) if kind in ACT_NAMES else kind


FAMILY_NAMES = {
    "access_review": _("Reviews of access"),
    "activity": _("Reported activity"),
    "agreement": _("Agreements"),
    "answer": _("Answers on paper"),
    "api_key": _("API keys"),
    "backup": _("Backups"),
    "balancing": _("Balancing tests"),
    "breach": _("Breaches of personal data"),
    "business_transfer": _("Business transfers"),
    "client": _("Clients"),
    "collection": _("Collections"),
    "consent": _("Consents"),
    "cookie": _("Cookies"),
    "data_map": _("Data map"),
    "decision_log": _("Decision log"),
    "digest": _("Weekly digests"),
    "disclosure": _("Disclosures"),
    "disposal": _("Disposals"),
    "duty": _("Duties of clients"),
    "erasure": _("Erasures"),
    "exit": _("Exits"),
    "form": _("Consent forms"),
    "guardian": _("Guardians"),
    "hold": _("Holds"),
    "incident": _("Incidents"),
    "inventory": _("Inventories"),
    "key_epoch": _("Wrapping keys"),
    "legal_disclosure": _("Legal disclosures"),
    "letter": _("Emails and text messages"),
    "link": _("Linked services"),
    "list": _("List exports"),
    "membership": _("Memberships"),
    "message": _("Messages in the mailbox"),
    "notice": _("Notices"),
    "objection": _("Objections"),
    "order": _("Orders"),
    "page_code": _("One-time codes"),
    "page_link": _("Access links"),
    "people": _("Searches for people"),
    "policy": _("Policy"),
    "period": _("Periods of the portal’s own data"),
    "purpose": _("Purposes"),
    "readmission": _("Readmissions"),
    "register": _("Register"),
    "regulator_pack": _("Packs for regulators"),
    "restriction": _("Restrictions"),
    "rights_request": _("Rights requests"),
    "roster": _("Rosters"),
    "safeguard": _("Changes to safeguards"),
    "sample": _("Samples for audits"),
    "sandbox": _("Sandboxes"),
    "schools": _("Schools and classes"),
    "security_assessment": _("Security assessments"),
    "sign_in": _("Sign-ins"),
    "single_sign_on": _("Single sign-on"),
    "staff": _("Changes of staff"),
    "subject": _("People"),
    "system": _("Data systems"),
    "user": _("Staff accounts"),
    "webhook": _("Webhooks"),
    "year_end": _("Ends of school years"),
}
"""Families of acts: the part of the kind before the dot."""


_NAMED_BY_KEY = """
    acknowledgement act added address addressee age_threshold agreement announcement assessment attempts attestation
    authorisation automatic because breach business_transfer case cause change changed changes channel check child
    choice client closed code collected_at collection commitments confirmed_at contract correction corrections counted
    country current days_kept days_left decision delivery differences direction disclosure disposal document domains
    due_at due_on duplicate duties duty emails ends_at ends_on erasure event events evidence exit expected expected_by
    expires_at failure faults field fields file files filters finding flagged form format found given_by ground guardian
    guardians guardianship happened_at hash hold holdings incident inventory issuer item kept kind kind_of_file known_at
    language last_step late legal_disclosure length line link list locks_on mechanism membership memberships merge
    message messages method milliseconds mode moved name next_on notice occasion officers_left on on_paper ordered
    orders origin outcome overruling pack package page pages part parts people period person problem proposal proposed
    provider purpose purposes quarantine readmission reason recipient relationship removed renewal reports result review
    rights_request role roles roster route row rows school schools scopes section seed sent sent_back serves_minors
    severity shared_at shown_at signing since staff stage started_at starts_at state strength systems tables
    takes_effect_at takes_place_on task template terms text time_zone to took_effect_at until valid_until values
    verification version waits waiver way webhook why widening
"""
"""Facts whose key is their name, with spaces for underscores."""
FACT_NAMES = {key: key.replace("_", " ") for key in _NAMED_BY_KEY.split()} | {
    "again_at": "asked again at",
    "ahead_seconds": "seconds ahead",
    "answer": "answer on paper",
    "answers": "answers on paper",
    "basis": "lawful basis",
    "becomes_state": "state from then on",
    "by": "searched by",
    "categories": "data categories",
    "category": "data category",
    "claimed_at": "time that was claimed",
    "consents": "consents that ended",
    "cooling_ends_at": "cooling-off ends at",
    "count": "number",
    "country_thresholds": "age thresholds by country",
    "counts": "numbers",
    "delete_by": "deleted by",
    "digest": "hash of the text",
    "dispatched_at": "sent out at",
    "effective_at": "in effect from",
    "entry": "ledger entry",
    "epoch": "key epoch",
    "epochs": "key epochs",
    "everybody": "the file lists all people",
    "first_side": "side that signed first",
    "granted": "granted for",
    "honours_second_factor": "the provider asks for a second factor",
    "id": "number in the register",
    "informed": "person informed",
    "instrument": "legal instrument",
    "is_sandbox": "sandbox",
    "joined": "classes joined",
    "key": "API key",
    "key_name": "name of the key",
    "law_on": "ages by the law of",
    "left": "classes left",
    "left_out": "answers left out",
    "left_without_administrator": "left without an administrator",
    "let_go": "people who left",
    "letter": "email or text message",
    "list_hash": "hash of the list",
    "main": "main record",
    "manifest": "hash of the list of files",
    "material": "material change",
    "message_id": "message number",
    "monday": "week from Monday",
    "needs_code": "asks for a code",
    "no_system": "held by no system",
    "notice_days": "days of notice",
    "notice_version": "version of the notice",
    "number": "number of the row",
    "objection_until": "objection possible until",
    "old_ends_at": "old one ends at",
    "orders_hash": "hash of the orders",
    "other": "other record",
    "parent": "order set it belongs to",
    "population": "size of the population",
    "previous": "before",
    "recipients": "number of recipients",
    "refusal_code": "ground of the refusal",
    "related": "about",
    "retry_at": "tried again at",
    "review_on": "reviewed on",
    "school_authorisation": "evidence of the school",
    "sealed_hash": "hash of the encrypted file",
    "set": "order set",
    "sha256": "SHA-256",
    "shares": "may be shared with others",
    "shown_hash": "hash of the text shown",
    "size": "size in bytes",
    "subject": "data subject",
    "successor": "key that replaces it",
    "system": "data system",
    "test": "balancing test",
    "text_version": "version of the text",
    "tombstone": "mark of the erased person",
    "user": "staff account",
}
"""Names by key, for translation (``tools/messages.py``). A test compares the keys with those that are recorded."""
