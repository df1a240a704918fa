-- A provider belongs to the whole instance (team_id null) or to one team.
CREATE TABLE providers (
    id                  uuid        PRIMARY KEY,
    team_id             uuid        REFERENCES teams,
    slug                text        NOT NULL CONSTRAINT providers_slug_key UNIQUE,
    kind                text        NOT NULL,
    base_url            text        NOT NULL DEFAULT '',
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Sealed with its own data key, bound to row, owner, field and destination origin (auth::vault).
CREATE TABLE credentials (
    id                  uuid        PRIMARY KEY,
    provider_id         uuid        NOT NULL REFERENCES providers,
    team_id             uuid        REFERENCES teams,
    sealed              bytea       NOT NULL,
    last_four           text        NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX credentials_provider ON credentials (provider_id);
CREATE TABLE models (
    id                  uuid        PRIMARY KEY,
    team_id             uuid        REFERENCES teams,
    name                text        NOT NULL,
    aliases             text[]      NOT NULL DEFAULT '{}',
    context_window      integer     CHECK (context_window > 0),
    max_output          integer     CHECK (max_output > 0),
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- One name per team, and one among those of the whole instance.
CREATE UNIQUE INDEX models_name_key ON models (coalesce(team_id, '00000000-0000-0000-0000-000000000000'), name);
CREATE TABLE deployments (
    id                  uuid        PRIMARY KEY,
    model_id            uuid        NOT NULL REFERENCES models,
    provider_id         uuid        NOT NULL REFERENCES providers,
    credential_id       uuid        REFERENCES credentials,
    upstream_model      text        NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX deployments_model ON deployments (model_id);
CREATE INDEX deployments_provider ON deployments (provider_id);

-- Append only: the version in force is the newest with effective_from <= t. Exactly one of deployment and model is set.
CREATE TABLE price_versions (
    id                  uuid        PRIMARY KEY,
    deployment_id       uuid        REFERENCES deployments,
    model_id            uuid        REFERENCES models,
    team_id             uuid,
    effective_from      timestamptz NOT NULL,
    source              text        NOT NULL,
    created_by          uuid,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (num_nonnulls(deployment_id, model_id) = 1)
);
CREATE UNIQUE INDEX price_versions_key ON price_versions (
    coalesce(deployment_id, model_id), coalesce(team_id, '00000000-0000-0000-0000-000000000000'), effective_from);
CREATE TABLE price_components (
    version_id          uuid        NOT NULL REFERENCES price_versions,
    class               text        NOT NULL,
    variant             text        NOT NULL DEFAULT 'standard',
    above_input_tokens  integer     NOT NULL DEFAULT 0 CHECK (above_input_tokens >= 0),
    schedule            text        NOT NULL DEFAULT '',
    pico                bigint      NOT NULL CHECK (pico >= 0),
    PRIMARY KEY (version_id, class, variant, above_input_tokens, schedule)
);
