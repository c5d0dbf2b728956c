-- Refuse changes of a person's schools by other roles than the owner.
CREATE TRIGGER limits_guarded BEFORE UPDATE OF school_ids ON people_subject
    FOR EACH ROW EXECUTE FUNCTION school_limits_guard();
