"""Services that invite guardians, follow up on invitations, record answers, and delete unanswered contacts."""
