"""The doctor's checks of erasures and of people's keys."""

from collections.abc import Iterator

from paktaleem.directory.people.erasures import ErasureState, erasure_state
from paktaleem.directory.people.services.epochs import keys_by_epoch
from paktaleem.foundation.clock import wall_clock_now
from paktaleem.foundation.diagnosis.lines import Line, fine, to_mend, to_watch
from paktaleem.foundation.encryption.keyring import keyring

__all__ = ["check_erasures", "check_keys_of_people"]

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


def check_keys_of_people() -> Iterator[Line]:
    """Yield whether the keyring has every epoch in use, and how many keys are under an old one."""
    used, keys = keys_by_epoch(), keyring()
    lost = sum(count for epoch, count in used.items() if epoch not in keys.epochs)
    if lost:
        yield to_mend("keys of people", f"{lost:,} are under an epoch that the keyring lacks", "Restore the keyring.")
    old = sum(count for epoch, count in used.items() if epoch in keys.epochs and epoch != keys.current_epoch)
    if old:
        yield to_watch("keys of people", f"{old:,} are under an earlier epoch", "Run: manage.py rewrap_keys")
    if not (lost or old):
        yield fine("keys of people", f"all {used.total():,} under the current epoch")
