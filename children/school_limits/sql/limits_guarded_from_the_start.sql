-- Refuse new people who have schools already.
CREATE TRIGGER limits_guarded_from_the_start BEFORE INSERT ON subjects_subject
    FOR EACH ROW WHEN (NEW.school_ids <> '{}') EXECUTE FUNCTION school_limits_refuse();
