-- The vendor an openai-compatible provider is known as: its quirks are data in `llm`. Empty for none.
ALTER TABLE providers ADD COLUMN preset text NOT NULL DEFAULT '';

ALTER TABLE instance DROP CONSTRAINT instance_store_content_check;
ALTER TABLE instance ADD CONSTRAINT instance_store_content_check CHECK (store_content IN ('full', 'redacted', 'metadata'));
ALTER TABLE teams DROP CONSTRAINT teams_store_content_check;
ALTER TABLE teams ADD CONSTRAINT teams_store_content_check CHECK (store_content IN ('full', 'redacted', 'metadata'));

-- What was said, where the content policy keeps it. Not money: written by a queue of its own, dropped when that is full,
-- and gone after its own time. Images and files are in here by hash and size only.
CREATE TABLE bodies (
    request_id          uuid        PRIMARY KEY,
    team_id             uuid        NOT NULL,
    policy              text        NOT NULL CHECK (policy IN ('full', 'redacted')),
    request             text        NOT NULL,
    response            text        NOT NULL,
    -- The answer was longer than what is kept.
    is_cut              boolean     NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX bodies_age ON bodies (created_at);
