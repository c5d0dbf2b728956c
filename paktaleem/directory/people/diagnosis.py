"""The doctor's check of erasures."""

from collections.abc import Iterator

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.diagnosis.lines import Line, fine, to_mend

__all__ = ["check_erasures"]

_REMEDIES = {
    ErasureState.NOT_REPLAYED: "Run: manage.py replay_erasures",
    ErasureState.LIST_DAMAGED: "Restore the erasure list that this database knows.",
}


def check_erasures() -> Iterator[Line]:
    """Yield whether this database has carried out every erasure of the list."""
    state = erasure_state(at=wall_clock_now())
    if state is ErasureState.CARRIED_OUT:
        yield fine("erasures", "all of the list are carried out")
    else:
        yield to_mend("erasures", f"{state.value}: the portal answers 503", _REMEDIES[state])
