CREATE TABLE users (
    id                  uuid        PRIMARY KEY,
    email               text        NOT NULL CONSTRAINT users_email_key UNIQUE,
    name                text        NOT NULL,
    role                text        NOT NULL CHECK (role IN ('owner', 'admin', 'user')),
    password_hash       text        NOT NULL,
    disabled_at         timestamptz,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE teams (
    id                  uuid        PRIMARY KEY,
    slug                text        NOT NULL CONSTRAINT teams_slug_key UNIQUE,
    name                text        NOT NULL,
    store_content       text        NOT NULL CHECK (store_content IN ('full', 'metadata')),
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE memberships (
    team_id             uuid        NOT NULL REFERENCES teams,
    user_id             uuid        NOT NULL REFERENCES users,
    role                text        NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

-- Sign-in sessions. Only SHA-256 of the id is stored, so a dump holds no usable session; save is UPDATE only.
CREATE TABLE sessions (
    id                  uuid        PRIMARY KEY,
    token_hash          bytea       NOT NULL CONSTRAINT sessions_token_key UNIQUE,
    user_id             uuid        NOT NULL REFERENCES users,
    data                jsonb       NOT NULL,
    device              text        NOT NULL,
    address             text        NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at          timestamptz
);
CREATE INDEX sessions_user ON sessions (user_id, last_seen_at DESC);

-- Failed sign-ins per account and per network: counted here, so that every replica sees the same.
CREATE TABLE sign_in_failures (
    subject             text        PRIMARY KEY,
    failures            integer     NOT NULL,
    last_failed_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
