-- Insert only, in the same transaction as the change it tells of.
CREATE TABLE audit_log (
    id                  uuid        PRIMARY KEY,
    at                  timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- A user's id, or the name of the operator or job that acted.
    actor               text        NOT NULL,
    team_id             uuid,
    action              text        NOT NULL,
    object              text        NOT NULL,
    fields              text[]      NOT NULL DEFAULT '{}',
    address             text,
    request_id          text
);
CREATE INDEX audit_log_team ON audit_log (team_id, at DESC, id DESC);
CREATE FUNCTION audit_log_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit rows never change';
END
$$;
CREATE TRIGGER audit_log_guard BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_guard();
