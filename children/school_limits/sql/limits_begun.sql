-- Give people whom limited staff add these schools, and refuse schools that anyone else states.
CREATE TRIGGER limits_begun BEFORE INSERT ON subjects_subject
    FOR EACH ROW WHEN (NEW.school_ids <> '{}' OR current_user = 'paktaleem_limited')
    EXECUTE FUNCTION school_limits_begin();
