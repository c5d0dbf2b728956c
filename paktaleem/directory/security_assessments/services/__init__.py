"""Services of security assessments: record, find, mend, accept, remind."""
