-- When changes are noted: note them for the other records that are the same person, once for each statement.
CREATE TRIGGER notes_linked AFTER INSERT ON consent_subjectchange
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION consent_note_linked();
