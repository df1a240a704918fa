-- What is said about a request while it runs is about its last attempt, which may be yet to come. The lock is the one that a
-- verdict is given under. Admission never waits for it: a verdict that is given in this very moment stays with the attempt it
-- was given to.
CREATE OR REPLACE FUNCTION attempts_retried() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO retried VALUES (NEW.request_id, NEW.attempt_no - 1) ON CONFLICT DO NOTHING;
    IF pg_try_advisory_xact_lock(hashtextextended(NEW.request_id::text, 0)) THEN
        UPDATE feedback SET admitted_at = NEW.admitted_at, model = NEW.model, prompt_version_id = NEW.prompt_version_id
         WHERE request_id = NEW.request_id AND is_current;
    END IF;
    RETURN NULL;
END
$$;
