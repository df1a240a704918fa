-- One row of settings, and the version of all configuration: every change raises it and sends NOTIFY config.
CREATE TABLE instance (
    only_row            boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    name                text        NOT NULL,
    reporting_zone      text        NOT NULL DEFAULT 'UTC',
    store_content       text        NOT NULL DEFAULT 'metadata' CHECK (store_content IN ('full', 'metadata')),
    -- Private upstream addresses this instance may call: address or network, with or without a port.
    allow_private       text[]      NOT NULL DEFAULT '{}',
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE config_version (
    only_row            boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    version             bigint      NOT NULL DEFAULT 1
);
INSERT INTO config_version DEFAULT VALUES;

-- The one-time code that makes the first owner. Only its hash is here; the row goes when an owner exists.
CREATE TABLE setup_code (
    only_row            boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    code_hash           bytea       NOT NULL,
    window_started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    tries               integer     NOT NULL DEFAULT 0
);
