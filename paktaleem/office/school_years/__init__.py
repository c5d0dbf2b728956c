"""The end of a school year: one previewed act about classes, leavers and consents; moves to another client."""
