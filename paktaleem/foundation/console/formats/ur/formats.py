"""Date formats in ISO 8601, as in English, in Unicode's isolates: a date after an Urdu word keeps its order."""

DATE_FORMAT = "\u2066Y-m-d\u2069"
DATETIME_FORMAT = "\u2066Y-m-d H:i\u2069"
TIME_FORMAT = "H:i"
SHORT_DATE_FORMAT = "\u2066Y-m-d\u2069"
SHORT_DATETIME_FORMAT = "\u2066Y-m-d H:i\u2069"
