"""Number of cases: few in every run, all with FAULTS=all (make test-deep)."""

import os

IS_DEEP = os.environ.get("FAULTS", "") == "all"


def sized(few, all_of_it):
    return all_of_it if IS_DEEP else few
