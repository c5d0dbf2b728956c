"""One failure that names every offender: a rule over many modules is one test."""

__all__ = ["refuse_any"]


def refuse_any(looked_at, *, advice=""):
    """Fail if anything was found anywhere, naming each place and what was found there, one a line.

    ``looked_at`` is each place with what is wrong there (empty if nothing is); no places at all fail too.
    """
    places = list(looked_at)
    assert places, "nothing was looked at"
    found = [f"{place}: {wrong}" for place, wrong in places if wrong]
    assert not found, "\n".join([advice, *found] if advice else found)
