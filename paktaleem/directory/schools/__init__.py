"""Schools, terms, classes and enrolments."""
