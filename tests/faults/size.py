"""Number of cases: few in every run, all with FAULTS=all (make test-deep)."""

import os

IS_DEEP = os.environ.get("FAULTS", "") == "all"


def sized(few: int, all_of_it: int) -> int:
    return all_of_it if IS_DEEP else few
