-- Where a price version comes from and who stands behind it. `source` says how it came to be (typed, catalogue, import,
-- bundle, built in); what people wrote there before is a note. A version without confirmed_at is unconfirmed.
ALTER TABLE price_versions
    ADD COLUMN source_url   text NOT NULL DEFAULT '',
    ADD COLUMN source_date  date,
    ADD COLUMN note         text NOT NULL DEFAULT '',
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN confirmed_by uuid;
UPDATE price_versions SET confirmed_at = created_at, confirmed_by = created_by;
UPDATE price_versions SET note = source, source = 'typed' WHERE source NOT IN ('typed', 'bundle', 'built in');

-- What is known about a model besides its price. No array: not known, which is not the same as nothing.
ALTER TABLE models
    ADD COLUMN capabilities text[],
    ADD COLUMN retires_on   date;

-- Append only: a version is confirmed once, and otherwise never changes.
CREATE FUNCTION price_versions_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked price_versions := NEW;
BEGIN
    asked.confirmed_at := OLD.confirmed_at;
    asked.confirmed_by := OLD.confirmed_by;
    IF TG_OP = 'UPDATE' AND OLD.confirmed_at IS NULL AND asked IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'price versions never change';
END
$$;
CREATE TRIGGER price_versions_guard BEFORE UPDATE OR DELETE ON price_versions
    FOR EACH ROW EXECUTE FUNCTION price_versions_guard();
CREATE FUNCTION price_components_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'price versions never change';
END
$$;
CREATE TRIGGER price_components_guard BEFORE UPDATE OR DELETE ON price_components
    FOR EACH ROW EXECUTE FUNCTION price_components_guard();
