-- When enrolments are deleted (an erasure, the start-over of a sandbox): recompute the schools of their people.
CREATE TRIGGER limits_removed AFTER DELETE ON schools_enrolment
    REFERENCING OLD TABLE AS replaced
    FOR EACH STATEMENT EXECUTE FUNCTION school_limits_of_enrolments();
