"""The planted faults fit the code of today; ``make test-planted`` runs them."""

from dataclasses import replace
from pathlib import Path

from tests.planted.faults import DoesNotApply, load_faults
from tests.project.offenders import refuse_any

ROOT = Path(__file__).resolve().parents[2]
LEAST = 60


def what_is_wrong(fault):
    try:
        fault.changed_files(ROOT)
    except DoesNotApply as error:
        return str(error)
    return [f"there is no {test}" for test in fault.missing_tests(ROOT)]


def test_every_fault_can_be_planted_and_its_tests_exist():
    faults = load_faults()
    assert len(faults) >= LEAST
    refuse_any(((fault.name, what_is_wrong(fault)) for fault in faults), advice="Write the planted fault anew:")


def test_a_fault_that_no_longer_fits_is_found():
    [fault] = load_faults(["decisions/rules_in_another_order"])
    assert "occurs 0 times" in what_is_wrong(replace(fault, changes=(("no such text", ""),)))
    assert "occurs 2 times" in what_is_wrong(replace(fault, changes=(("_basis_is_in_force", ""),)))
    assert "no file" in what_is_wrong(replace(fault, file="consent/none.py"))
    assert what_is_wrong(replace(fault, tests=("tests/planted/test_faults.py::test_none",))) == [
        "there is no tests/planted/test_faults.py::test_none"
    ]


def test_a_fault_in_a_sql_file_changes_its_migration_too():
    [fault] = load_faults(["decisions/withdrawals_not_noted"])
    sql, migration = fault.changed_files(ROOT)
    assert (sql.suffix, migration.suffix) == (".sql", ".py")
    assert fault.migrates
