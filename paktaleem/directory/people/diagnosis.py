"""The doctor's check of erasures."""

from collections.abc import Iterator

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.operations.diagnosis.lines import Line, fine, to_mend, to_watch

_REMEDIES = {
    ErasureState.LIST_BEHIND: "Put the newest list into ERASURE_LIST_FILE. Until then no one is erased here.",
    ErasureState.NOT_REPLAYED: "Run: manage.py replay_erasures",
    ErasureState.LIST_DAMAGED: "Restore the erasure list that this database knows (ERASURE_LIST_FILE).",
    ErasureState.LIST_MISSING: "ERASURE_LIST_FILE is not there or empty: mount its storage, or restore its copy.",
    ErasureState.LIST_UNREADABLE: "Let the portal's user read and write ERASURE_LIST_FILE and its folder (chown).",
}


def check_erasures() -> Iterator[Line]:
    """Yield whether this database has carried out every erasure of the list."""
    state = erasure_state(at=wall_clock_now())
    if state is ErasureState.CARRIED_OUT:
        yield fine("erasures", "all of the list are carried out")
    elif state.may_serve:
        yield to_watch("erasures", f"{state.value}: the list of this host ends too early", _REMEDIES[state])
    else:
        yield to_mend("erasures", f"{state.value}: the portal answers 503", _REMEDIES[state])
