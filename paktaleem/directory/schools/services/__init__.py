"""Services of schools, terms, classes and enrolments."""
