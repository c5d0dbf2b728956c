"""Django app of data subjects: sealed personal fields, one key per person, a log of access, links between records."""

from paktaleem.foundation.operations.extensions import PortalAppConfig, SentEvent, entry

_CHECKS = "paktaleem.foundation.operations.diagnosis.doctor_checks"
_AT_START = "paktaleem.foundation.operations.startup.findings.start_checks"
_MERGE = "merge main other"


class PeopleConfig(PortalAppConfig):
    name = "paktaleem.directory.people"
    parts = ("key_epochs", "copies", "merges")
    handlers = (
        (_CHECKS, ".erasures.check_erasures"),
        (_CHECKS, "paktaleem.foundation.encryption.diagnosis.check_keyring"),
        (_CHECKS, ".key_epochs.services.check_keys_in_use"),
        (_AT_START, "paktaleem.foundation.encryption.diagnosis.keyring_findings"),
        (_AT_START, ".key_epochs.services.foreign_keyring_findings"),
        ("paktaleem.directory.people.copies.sections.person_sections", ".copies.sections.list_own_sections"),
    )
    families = "key_epoch: Wrapping keys, people: Searches for people, subject: People"
    facts = "by: searched by, epoch: key epoch, epochs: key epochs, main: main record, other: other record"
    ledger = (
        entry("guardian.claim_ended", "Guardian no longer listed by the school", "guardian"),
        entry("guardian.claimed", "Guardian listed in a roster", "guardian"),
        entry("key_epoch.added", "Wrapping key added", severity="medium"),
        entry("key_epoch.destroyed", "Wrapping key destroyed", severity="high"),
        entry("key_epoch.emptied", "Wrapping key no longer in use"),
        entry("people.searched readmission.requested"),
        entry("readmission.approved", sends=(SentEvent("", "subject.readmitted", "Person may be registered again"),)),
        entry("subject.account_closed", "Account of a person closed"),
        entry("subject.active", "Person was active"),
        entry("subject.age_change_settled", "Change of an age approved or rejected"),
        entry("subject.age_change_waiting", "Change of an age awaits approval by a second person"),
        entry("subject.changed", "Person changed"),
        entry("subject.erased", "Person erased", "erasure"),
        entry("subject.erasure_started", "Erasure of a person confirmed", "erasure"),
        entry("subject.key_replaced", "Key of a person replaced"),
        entry("subject.merge_settled", "Link of records of one person confirmed or declined"),
        entry("subject.merge_undone", "Records are no longer linked as one person", _MERGE),
        entry("subject.merge_waiting", "Link of records of one person awaits a second person"),
        entry("subject.merged", "Records linked as one person", _MERGE),
        entry("subject.registered", "Person registered"),
    )
