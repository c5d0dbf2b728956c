"""Letters and text messages: the one door by which anything is sent to a person."""
