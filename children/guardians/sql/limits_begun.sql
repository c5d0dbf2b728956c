-- Give people whom limited staff add the schools of these staff, and refuse schools that are stated for a new person.
CREATE TRIGGER limits_begun BEFORE INSERT ON people_subject
    FOR EACH ROW WHEN (NEW.school_ids <> '{}' OR current_user = 'paktaleem_limited')
    EXECUTE FUNCTION school_limits_guard();
