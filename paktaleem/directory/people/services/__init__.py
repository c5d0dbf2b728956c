"""Services for people: registering, revealing, erasing, readmitting, changing ages."""

from paktaleem.directory.people.services.age_recomputation import recompute_ages
from paktaleem.directory.people.services.age_settlement import open_age_change, settle_age_change
from paktaleem.directory.people.services.batches import (
    BatchRefused,
    register_guardians,
    register_subjects,
)
from paktaleem.directory.people.services.claims import claim_guardian, end_other_claims
from paktaleem.directory.people.services.erasure import (
    COMPLETE_ERASURE,
    AlreadyErased,
    ErasureHeld,
    ErasureInProgress,
    ErasureOutcome,
    carry_out_erasure,
    complete_erasure,
    erase_subject,
    start_erasure,
)
from paktaleem.directory.people.services.events import record_subject_event
from paktaleem.directory.people.services.keys import replace_key
from paktaleem.directory.people.services.locking import lock_subject, lock_unheld_subject
from paktaleem.directory.people.services.people import (
    add_role,
    find_full_age,
    record_access,
    register_subject,
    reveal_fields,
    reveal_many,
    reveal_names,
    was_child,
)
from paktaleem.directory.people.services.readmission import (
    AlreadyRequested,
    NotErased,
    approve_readmission,
    request_readmission,
)
from paktaleem.directory.people.services.records import RecordElsewhere, require_all_records
from paktaleem.directory.people.services.searches import FOUND_AT_MOST, SEARCHED, find_people, record_id_search

__all__ = [
    "COMPLETE_ERASURE",
    "FOUND_AT_MOST",
    "SEARCHED",
    "AlreadyErased",
    "AlreadyRequested",
    "BatchRefused",
    "ErasureHeld",
    "ErasureInProgress",
    "ErasureOutcome",
    "NotErased",
    "RecordElsewhere",
    "add_role",
    "approve_readmission",
    "carry_out_erasure",
    "claim_guardian",
    "complete_erasure",
    "end_other_claims",
    "erase_subject",
    "find_full_age",
    "find_people",
    "lock_subject",
    "lock_unheld_subject",
    "open_age_change",
    "recompute_ages",
    "record_access",
    "record_id_search",
    "record_subject_event",
    "register_guardians",
    "register_subject",
    "register_subjects",
    "replace_key",
    "request_readmission",
    "require_all_records",
    "reveal_fields",
    "reveal_many",
    "reveal_names",
    "settle_age_change",
    "start_erasure",
    "was_child",
]
