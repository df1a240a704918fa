-- Who a person is beside their account. An empty zone is the instance's.
ALTER TABLE users
    ADD COLUMN zone         text   NOT NULL DEFAULT '',
    ADD COLUMN theme        text   NOT NULL DEFAULT 'system' CHECK (theme IN ('system', 'light', 'dark')),
    ADD COLUMN density      text   NOT NULL DEFAULT 'comfortable' CHECK (density IN ('comfortable', 'compact'));

-- What two people may edit at once carries the number of its last change: a save that read an older one is refused.
ALTER TABLE instance        ADD COLUMN revision bigint NOT NULL DEFAULT 1;
ALTER TABLE teams           ADD COLUMN revision bigint NOT NULL DEFAULT 1;
ALTER TABLE providers       ADD COLUMN revision bigint NOT NULL DEFAULT 1;
ALTER TABLE models          ADD COLUMN revision bigint NOT NULL DEFAULT 1;
ALTER TABLE virtual_keys    ADD COLUMN revision bigint NOT NULL DEFAULT 1;

-- A link that lets one person join one team in one role. Only the hash of its secret is here.
CREATE TABLE invitations (
    id                  uuid        PRIMARY KEY,
    team_id             uuid        NOT NULL REFERENCES teams,
    token_hash          bytea       NOT NULL CONSTRAINT invitations_token_key UNIQUE CHECK (length(token_hash) = 32),
    role                text        NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
    -- Empty: whoever holds the link.
    email               text        NOT NULL DEFAULT '',
    -- Whose rights bound it. Null: the operator of the command line.
    invited_by          uuid        REFERENCES users,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at          timestamptz NOT NULL,
    redeemed_at         timestamptz,
    redeemed_by         uuid        REFERENCES users,
    revoked_at          timestamptz
);
CREATE INDEX invitations_team ON invitations (team_id, created_at DESC, id DESC);
CREATE INDEX invitations_inviter ON invitations (invited_by) WHERE redeemed_at IS NULL AND revoked_at IS NULL;

-- A link that sets one new password.
CREATE TABLE password_resets (
    id                  uuid        PRIMARY KEY,
    user_id             uuid        NOT NULL REFERENCES users,
    token_hash          bytea       NOT NULL CONSTRAINT password_resets_token_key UNIQUE CHECK (length(token_hash) = 32),
    created_by          uuid        REFERENCES users,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at          timestamptz NOT NULL,
    redeemed_at         timestamptz
);
CREATE INDEX password_resets_user ON password_resets (user_id);

ALTER TABLE virtual_keys
    ADD COLUMN scopes        text[]      NOT NULL DEFAULT '{inference}',
    ADD COLUMN expires_at    timestamptz,
    -- Networks it may come from; none: any.
    ADD COLUMN networks      text[]      NOT NULL DEFAULT '{}',
    -- Name and value of each tag that its calls carry unless they say otherwise.
    ADD COLUMN tags          jsonb       NOT NULL DEFAULT '{}',
    ADD COLUMN task          text        NOT NULL DEFAULT '',
    ADD COLUMN max_output    integer     CHECK (max_output > 0),
    -- Null: the team's.
    ADD COLUMN store_content text        CHECK (store_content IN ('full', 'redacted', 'metadata')),
    ADD COLUMN paused_at     timestamptz;

-- Secrets that a rotation replaced, until their overlap ends.
CREATE TABLE retired_secrets (
    public              text        PRIMARY KEY,
    key_id              uuid        NOT NULL REFERENCES virtual_keys,
    team_id             uuid        NOT NULL REFERENCES teams,
    digest              bytea       NOT NULL CHECK (length(digest) = 32),
    last_four           text        NOT NULL,
    retired_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    valid_until         timestamptz NOT NULL
);
CREATE INDEX retired_secrets_key ON retired_secrets (key_id);

-- What scripts manage the instance with: acts as its owner, within its scopes, in one team or wherever its owner may.
CREATE TABLE management_tokens (
    id                  uuid        PRIMARY KEY,
    user_id             uuid        NOT NULL REFERENCES users,
    team_id             uuid        REFERENCES teams,
    name                text        NOT NULL,
    public              text        NOT NULL CONSTRAINT management_tokens_public_key UNIQUE,
    digest              bytea       NOT NULL CHECK (length(digest) = 32),
    last_four           text        NOT NULL,
    scopes              text[]      NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at          timestamptz,
    last_used_at        timestamptz,
    revoked_at          timestamptz
);
CREATE UNIQUE INDEX management_tokens_name_key ON management_tokens (user_id, name) WHERE revoked_at IS NULL;

-- What is archived is not served and not listed; its history stays, and its name is free again.
ALTER TABLE providers ADD COLUMN archived_at timestamptz;
ALTER TABLE models    ADD COLUMN archived_at timestamptz;
ALTER TABLE providers DROP CONSTRAINT providers_slug_key;
CREATE UNIQUE INDEX providers_slug_key ON providers (slug) WHERE archived_at IS NULL;
DROP INDEX models_name_key;
CREATE UNIQUE INDEX models_name_key ON models (coalesce(team_id, '00000000-0000-0000-0000-000000000000'), name)
    WHERE archived_at IS NULL;

-- The log is read newest first, of one team or of all, and by who acted.
CREATE INDEX audit_log_time ON audit_log (at DESC, id DESC);
CREATE INDEX audit_log_actor ON audit_log (actor, at DESC, id DESC);
