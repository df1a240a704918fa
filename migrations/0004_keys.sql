CREATE TABLE virtual_keys (
    id                  uuid        PRIMARY KEY,
    team_id             uuid        NOT NULL REFERENCES teams,
    -- The owner of a personal key; a service key has none.
    user_id             uuid        REFERENCES users,
    name                text        NOT NULL,
    kind                text        NOT NULL CHECK (kind IN ('personal', 'service')),
    public              text        NOT NULL CONSTRAINT virtual_keys_public_key UNIQUE,
    digest              bytea       NOT NULL CHECK (length(digest) = 32),
    last_four           text        NOT NULL,
    imported            boolean     NOT NULL DEFAULT false,
    -- "All" is a value of its own: an empty list allows nothing.
    all_models          boolean     NOT NULL,
    models              text[]      NOT NULL DEFAULT '{}',
    created_by          uuid        REFERENCES users,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_used_at        timestamptz,
    revoked_at          timestamptz,
    CHECK ((kind = 'personal') = (user_id IS NOT NULL))
);
CREATE UNIQUE INDEX virtual_keys_name_key ON virtual_keys (team_id, name) WHERE revoked_at IS NULL;
CREATE INDEX virtual_keys_team ON virtual_keys (team_id, created_at DESC, id DESC);
