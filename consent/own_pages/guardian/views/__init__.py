"""The guardians' pages. GET shows a page, POST acts, and each page asks a single question."""
