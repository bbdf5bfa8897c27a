-- A ready CRM for those who have none, and a form's submission in one call.

-- ----- the tables ---------------------------------------------------------------
--
-- They are the caller's, and know nothing of pg_revops: no default, constraint
-- or trigger of theirs calls it, so that they outlive detach() and the extension.

CREATE FUNCTION revops.check_new_crm(schema text, workspace_id int) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    taken text;
BEGIN
    IF coalesce(schema, '') = '' OR schema IN ('revops', 'information_schema') OR schema LIKE 'pg\_%' THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('no CRM can be made in schema %s', coalesce('"' || schema || '"', 'NULL')),
            DETAIL = 'It takes a schema that is neither the system''s nor pg_revops'' own.',
            HINT = 'SELECT * FROM revops.create_crm(''crm'');';
    END IF;
    PERFORM revops.check_workspace(workspace_id);
    SELECT string_agg(quote_ident(c.relname), ', ' ORDER BY c.relname) INTO taken
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = schema
      AND c.relname IN ('account', 'rep', 'campaign', 'campaign_spend', 'lead', 'opportunity', 'activity');
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'RV005',
            MESSAGE = format('schema "%s" holds tables of a CRM already', schema),
            DETAIL = format('It has %s.', taken),
            HINT = 'Attach those by attach_lead(), attach_touch() and attach_opportunity(), or choose another schema.';
    END IF;
END
$$;
COMMENT ON FUNCTION revops.check_new_crm(text, int) IS
    'Raises RV005 where create_crm() cannot make its tables: the schema is the system''s or ours, or has a table of one of their names; RV002 for an unknown workspace.';

CREATE FUNCTION revops.create_crm_tables(schema text, currency text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    EXECUTE format($ddl$
CREATE FUNCTION %1$I.set_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS 'BEGIN NEW.updated_at := now(); RETURN NEW; END';
COMMENT ON FUNCTION %1$I.set_updated_at() IS 'trigger: dates a row with the transaction that changes it';

CREATE TABLE %1$I.rep (
    rep_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rep         text NOT NULL CONSTRAINT rep_code UNIQUE CONSTRAINT rep_code_given CHECK (rep <> ''),
    person_name text,
    email       text CONSTRAINT rep_email_valid CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    active      boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now());
COMMENT ON TABLE %1$I.rep IS 'sales people';
COMMENT ON COLUMN %1$I.rep.rep_id IS 'number of the rep';
COMMENT ON COLUMN %1$I.rep.rep IS 'code of the rep: the same as in revops.rep, by which leads are routed';
COMMENT ON COLUMN %1$I.rep.person_name IS 'full name';
COMMENT ON COLUMN %1$I.rep.email IS 'e-mail address';
COMMENT ON COLUMN %1$I.rep.active IS 'false: has left; gets no new leads once revops.rep says so too';
COMMENT ON COLUMN %1$I.rep.created_at IS 'when the row was made';
COMMENT ON COLUMN %1$I.rep.updated_at IS 'when it was last changed (kept by a trigger)';

CREATE TABLE %1$I.account (
    account_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company     text NOT NULL CONSTRAINT account_company_given CHECK (company <> ''),
    domain      text CONSTRAINT account_domain_lower CHECK (domain = lower(domain)),
    industry    text,
    country     text,
    region      text,
    city        text,
    company_size int CONSTRAINT account_size_positive CHECK (company_size > 0),
    owner       text REFERENCES %1$I.rep (rep) ON UPDATE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX account_domain ON %1$I.account (domain);
CREATE INDEX account_owner ON %1$I.account (owner);
COMMENT ON TABLE %1$I.account IS 'companies';
COMMENT ON COLUMN %1$I.account.account_id IS 'number of the account';
COMMENT ON COLUMN %1$I.account.company IS 'name of the company';
COMMENT ON COLUMN %1$I.account.domain IS 'its Internet domain, in lower case';
COMMENT ON COLUMN %1$I.account.industry IS 'industry';
COMMENT ON COLUMN %1$I.account.country IS 'country, as ISO 3166 code or as your rules write it';
COMMENT ON COLUMN %1$I.account.region IS 'state or region';
COMMENT ON COLUMN %1$I.account.city IS 'city';
COMMENT ON COLUMN %1$I.account.company_size IS 'number of employees';
COMMENT ON COLUMN %1$I.account.owner IS 'code of the rep who keeps the account';
COMMENT ON COLUMN %1$I.account.created_at IS 'when the row was made';
COMMENT ON COLUMN %1$I.account.updated_at IS 'when it was last changed (kept by a trigger)';
COMMENT ON INDEX %1$I.account_domain IS 'an account by its domain';
COMMENT ON INDEX %1$I.account_owner IS 'the accounts of a rep';

CREATE TABLE %1$I.campaign (
    campaign_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign    text NOT NULL CONSTRAINT campaign_code UNIQUE CONSTRAINT campaign_code_given CHECK (campaign <> ''),
    channel     text,
    objective   text,
    starts_on   date,
    ends_on     date,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT campaign_ends_later CHECK (ends_on >= starts_on));
COMMENT ON TABLE %1$I.campaign IS 'campaigns of marketing; what they cost is in campaign_spend';
COMMENT ON COLUMN %1$I.campaign.campaign_id IS 'number of the campaign';
COMMENT ON COLUMN %1$I.campaign.campaign IS 'code of the campaign, as lead.campaign and utm_campaign write it';
COMMENT ON COLUMN %1$I.campaign.channel IS 'ads, webinar, event, mail ...';
COMMENT ON COLUMN %1$I.campaign.objective IS 'what it is to reach, in words';
COMMENT ON COLUMN %1$I.campaign.starts_on IS 'first day';
COMMENT ON COLUMN %1$I.campaign.ends_on IS 'last day';
COMMENT ON COLUMN %1$I.campaign.created_at IS 'when the row was made';
COMMENT ON COLUMN %1$I.campaign.updated_at IS 'when it was last changed (kept by a trigger)';

CREATE TABLE %1$I.campaign_spend (
    campaign_spend_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign_id bigint NOT NULL REFERENCES %1$I.campaign ON DELETE CASCADE,
    spent_on    date NOT NULL,
    amount      numeric NOT NULL,
    currency    text NOT NULL DEFAULT %2$L CONSTRAINT campaign_spend_currency_iso CHECK (currency ~ '^[A-Z]{3}$'),
    note        text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now());
CREATE INDEX campaign_spend_campaign ON %1$I.campaign_spend (campaign_id, spent_on);
COMMENT ON TABLE %1$I.campaign_spend IS 'what campaigns cost, day by day or invoice by invoice';
COMMENT ON COLUMN %1$I.campaign_spend.campaign_spend_id IS 'number of the expense';
COMMENT ON COLUMN %1$I.campaign_spend.campaign_id IS 'the campaign';
COMMENT ON COLUMN %1$I.campaign_spend.spent_on IS 'day that it counts for';
COMMENT ON COLUMN %1$I.campaign_spend.amount IS 'amount in currency; negative: a refund';
COMMENT ON COLUMN %1$I.campaign_spend.currency IS 'ISO 4217 code';
COMMENT ON COLUMN %1$I.campaign_spend.note IS 'what it was for';
COMMENT ON COLUMN %1$I.campaign_spend.created_at IS 'when the row was made';
COMMENT ON COLUMN %1$I.campaign_spend.updated_at IS 'when it was last changed (kept by a trigger)';
COMMENT ON INDEX %1$I.campaign_spend_campaign IS 'the expenses of a campaign by day';

CREATE TABLE %1$I.lead (
    lead_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email       text CONSTRAINT lead_email_valid CHECK (email ~ '^[[:space:]]*[^@[:space:]]+@[^@[:space:]]+[[:space:]]*$'),
    person_name text,
    phone       text,
    title       text,
    company     text,
    company_size int CONSTRAINT lead_size_positive CHECK (company_size > 0),
    industry    text,
    country     text,
    region      text,
    city        text,
    language    text,
    segment     text,
    source      text,
    campaign    text,
    account_id  bigint REFERENCES %1$I.account ON DELETE SET NULL,
    owner       text REFERENCES %1$I.rep (rep) ON UPDATE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    deleted_at  timestamptz,
    CONSTRAINT lead_can_be_reached CHECK (num_nonnulls(email, phone, person_name) > 0));
CREATE UNIQUE INDEX lead_email ON %1$I.lead (lower(btrim(email))) WHERE deleted_at IS NULL;
CREATE INDEX lead_account ON %1$I.lead (account_id);
CREATE INDEX lead_owner ON %1$I.lead (owner);
CREATE INDEX lead_campaign ON %1$I.lead (campaign);
COMMENT ON TABLE %1$I.lead IS 'leads, one row a person; how they stand (score, stage, rep, promises) is in revops.lead_status';
COMMENT ON COLUMN %1$I.lead.lead_id IS 'number of the row; its text is the key in revops.lead_status';
COMMENT ON COLUMN %1$I.lead.email IS 'e-mail address as it was given; no two leads that are not deleted have the same, but for case and blanks around it';
COMMENT ON COLUMN %1$I.lead.person_name IS 'full name';
COMMENT ON COLUMN %1$I.lead.phone IS 'telephone number';
COMMENT ON COLUMN %1$I.lead.title IS 'job title';
COMMENT ON COLUMN %1$I.lead.company IS 'company, as the person calls it';
COMMENT ON COLUMN %1$I.lead.company_size IS 'number of employees';
COMMENT ON COLUMN %1$I.lead.industry IS 'industry';
COMMENT ON COLUMN %1$I.lead.country IS 'country, as ISO 3166 code or as your rules write it';
COMMENT ON COLUMN %1$I.lead.region IS 'state or region';
COMMENT ON COLUMN %1$I.lead.city IS 'city';
COMMENT ON COLUMN %1$I.lead.language IS 'language of the person';
COMMENT ON COLUMN %1$I.lead.segment IS 'market segment';
COMMENT ON COLUMN %1$I.lead.source IS 'where the lead comes from: ads, event, referral ...';
COMMENT ON COLUMN %1$I.lead.campaign IS 'code of the campaign that brought it; may be one that campaign does not list, as forms bring whatever a link says';
COMMENT ON COLUMN %1$I.lead.account_id IS 'the account';
COMMENT ON COLUMN %1$I.lead.owner IS 'code of the rep whom somebody gave the lead by hand; NULL: routing says, see revops.lead_status';
COMMENT ON COLUMN %1$I.lead.created_at IS 'when the lead was created';
COMMENT ON COLUMN %1$I.lead.updated_at IS 'when the row was last changed (kept by a trigger)';
COMMENT ON COLUMN %1$I.lead.deleted_at IS 'when the lead was deleted; NULL: it counts';
COMMENT ON INDEX %1$I.lead_email IS 'a lead by its e-mail: revops.capture() finds it so, and no two have the same';
COMMENT ON INDEX %1$I.lead_account IS 'the leads of an account';
COMMENT ON INDEX %1$I.lead_owner IS 'the leads of a rep';
COMMENT ON INDEX %1$I.lead_campaign IS 'the leads of a campaign';

CREATE TABLE %1$I.opportunity (
    opportunity_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opportunity text NOT NULL CONSTRAINT opportunity_name_given CHECK (opportunity <> ''),
    lead_id     bigint REFERENCES %1$I.lead ON DELETE SET NULL,
    account_id  bigint REFERENCES %1$I.account ON DELETE SET NULL,
    owner       text REFERENCES %1$I.rep (rep) ON UPDATE CASCADE,
    status      text NOT NULL DEFAULT 'open' CONSTRAINT opportunity_status_known CHECK (status IN ('open', 'won', 'lost')),
    amount      numeric CONSTRAINT opportunity_amount_positive CHECK (amount >= 0),
    currency    text NOT NULL DEFAULT %2$L CONSTRAINT opportunity_currency_iso CHECK (currency ~ '^[A-Z]{3}$'),
    lost_because text,
    opened_at   timestamptz NOT NULL DEFAULT now(),
    closed_at   timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT opportunity_closed_when_not_open CHECK (status <> 'open' OR closed_at IS NULL),
    CONSTRAINT opportunity_closes_later CHECK (closed_at >= opened_at));
CREATE INDEX opportunity_lead ON %1$I.opportunity (lead_id);
CREATE INDEX opportunity_account ON %1$I.opportunity (account_id);
CREATE INDEX opportunity_owner ON %1$I.opportunity (owner);
COMMENT ON TABLE %1$I.opportunity IS 'deals';
COMMENT ON COLUMN %1$I.opportunity.opportunity_id IS 'number of the opportunity';
COMMENT ON COLUMN %1$I.opportunity.opportunity IS 'what the deal is about';
COMMENT ON COLUMN %1$I.opportunity.lead_id IS 'the lead that it came of';
COMMENT ON COLUMN %1$I.opportunity.account_id IS 'the account';
COMMENT ON COLUMN %1$I.opportunity.owner IS 'code of the rep who works on it';
COMMENT ON COLUMN %1$I.opportunity.status IS 'open, won or lost';
COMMENT ON COLUMN %1$I.opportunity.amount IS 'amount in currency';
COMMENT ON COLUMN %1$I.opportunity.currency IS 'ISO 4217 code';
COMMENT ON COLUMN %1$I.opportunity.lost_because IS 'why it was lost';
COMMENT ON COLUMN %1$I.opportunity.opened_at IS 'when it was opened';
COMMENT ON COLUMN %1$I.opportunity.closed_at IS 'when it was won or lost; NULL in one that is closed: when the row said so';
COMMENT ON COLUMN %1$I.opportunity.created_at IS 'when the row was made';
COMMENT ON COLUMN %1$I.opportunity.updated_at IS 'when it was last changed (kept by a trigger)';
COMMENT ON INDEX %1$I.opportunity_lead IS 'the opportunities of a lead';
COMMENT ON INDEX %1$I.opportunity_account IS 'the opportunities of an account';
COMMENT ON INDEX %1$I.opportunity_owner IS 'the opportunities of a rep';

CREATE TABLE %1$I.activity (
    activity_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id     bigint NOT NULL REFERENCES %1$I.lead ON DELETE CASCADE,
    direction   text NOT NULL CONSTRAINT activity_direction_known CHECK (direction IN ('inbound', 'outbound')),
    kind        text NOT NULL CONSTRAINT activity_kind_given CHECK (kind <> ''),
    occurred_at timestamptz NOT NULL DEFAULT now(),
    subject     text,
    note        text,
    rep         text REFERENCES %1$I.rep (rep) ON UPDATE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now());
CREATE INDEX activity_lead ON %1$I.activity (lead_id, occurred_at);
CREATE INDEX activity_rep ON %1$I.activity (rep);
COMMENT ON TABLE %1$I.activity IS 'what happened between a lead and us: visits, replies, calls, mails, meetings';
COMMENT ON COLUMN %1$I.activity.activity_id IS 'number of the activity';
COMMENT ON COLUMN %1$I.activity.lead_id IS 'the lead';
COMMENT ON COLUMN %1$I.activity.direction IS 'inbound (from the lead) or outbound (from us)';
COMMENT ON COLUMN %1$I.activity.kind IS 'code of a signal (revops.signal); an inbound call counts as inbound_call, an inbound email as email_reply';
COMMENT ON COLUMN %1$I.activity.occurred_at IS 'when it happened; in the future: planned';
COMMENT ON COLUMN %1$I.activity.subject IS 'what it was about, in a line';
COMMENT ON COLUMN %1$I.activity.note IS 'what was said';
COMMENT ON COLUMN %1$I.activity.rep IS 'code of the rep who took part';
COMMENT ON COLUMN %1$I.activity.created_at IS 'when the row was made';
COMMENT ON COLUMN %1$I.activity.updated_at IS 'when it was last changed (kept by a trigger)';
COMMENT ON INDEX %1$I.activity_lead IS 'the activities of a lead in their order';
COMMENT ON INDEX %1$I.activity_rep IS 'the activities of a rep';
    $ddl$, schema, currency);
END
$$;
COMMENT ON FUNCTION revops.create_crm_tables(text, text) IS
    'Part of create_crm(): makes the tables, as the caller; amounts are in this currency where a row names none.';

CREATE FUNCTION revops.create_crm_triggers(schema text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    dated text;
    named record;
BEGIN
    FOREACH dated IN ARRAY '{rep,account,campaign,campaign_spend,lead,opportunity,activity}'::text[] LOOP
        EXECUTE format('CREATE TRIGGER set_updated_at BEFORE UPDATE ON %1$I.%2$I '
                       'FOR EACH ROW EXECUTE FUNCTION %1$I.set_updated_at()', schema, dated);
        EXECUTE format('COMMENT ON TRIGGER set_updated_at ON %I.%I IS %L', schema, dated, 'keeps updated_at');
    END LOOP;
    FOR named IN
        SELECT o.conrelid::regclass AS host, o.conname,
               CASE o.contype
                   WHEN 'p' THEN 'the number of the row'
                   WHEN 'u' THEN 'the code is another in each row'
                   WHEN 'f' THEN 'refers to ' || o.confrelid::regclass
                   ELSE replace(substr(o.conname, length(c.relname) + 2), '_', ' ') END AS says
        FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = schema AND o.contype IN ('p', 'u', 'f', 'c')
          AND c.relname IN ('account', 'rep', 'campaign', 'campaign_spend', 'lead', 'opportunity', 'activity')
    LOOP
        EXECUTE format('COMMENT ON CONSTRAINT %I ON %s IS %L', named.conname, named.host, named.says);
    END LOOP;
END
$$;
COMMENT ON FUNCTION revops.create_crm_triggers(text) IS
    'Part of create_crm(): the triggers that keep updated_at, and comments on constraints.';

CREATE FUNCTION revops.create_crm(schema text DEFAULT 'crm', workspace_id int DEFAULT 1)
    RETURNS TABLE (binding text, kind text, host regclass)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    leads text := create_crm.schema || '_leads';
BEGIN
    PERFORM revops.check_new_crm(create_crm.schema, create_crm.workspace_id);
    IF to_regnamespace(quote_ident(create_crm.schema)) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', create_crm.schema);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', create_crm.schema, 'CRM made by pg_revops: leads, accounts, deals, activities, campaigns');
    END IF;
    PERFORM revops.create_crm_tables(create_crm.schema, w.currency)
    FROM revops.workspace w WHERE w.workspace_id = create_crm.workspace_id;
    PERFORM revops.create_crm_triggers(create_crm.schema);
    EXECUTE format('INSERT INTO %I.rep (rep, active) SELECT r.rep, r.active FROM revops.rep r WHERE r.workspace_id = $1 ORDER BY r.rep_id',
                   create_crm.schema) USING create_crm.workspace_id;

    PERFORM revops.attach_lead(leads, format('%I.lead', create_crm.schema)::regclass,
        '{"email": "email", "person_name": "person_name", "phone": "phone", "title": "title", "company": "company",
          "company_size": "company_size", "industry": "industry", "country": "country", "region": "region", "city": "city",
          "language": "language", "segment": "segment", "source": "source", "campaign": "campaign", "owner": "owner",
          "created_at": "created_at", "updated_at": "updated_at"}',
        filter => 'deleted_at IS NULL', workspace_id => create_crm.workspace_id);
    PERFORM revops.attach_touch(create_crm.schema || '_activities', format('%I.activity', create_crm.schema)::regclass, leads,
        '{"lead": "lead_id", "occurred_at": "occurred_at",
          "signal": "CASE WHEN direction = ''inbound'' AND kind = ''call'' THEN ''inbound_call'' WHEN direction = ''inbound'' AND kind = ''email'' THEN ''email_reply'' ELSE kind END"}');
    PERFORM revops.attach_opportunity(create_crm.schema || '_opportunities', format('%I.opportunity', create_crm.schema)::regclass, leads,
        '{"lead": "lead_id", "won": "status = ''won''", "lost": "status = ''lost''", "amount": "amount", "currency": "currency",
          "opened_at": "opened_at", "closed_at": "closed_at", "owner": "owner", "reason": "lost_because"}');
    RETURN QUERY SELECT b.binding, b.kind, b.host FROM revops.binding b
        WHERE b.binding IN (leads, create_crm.schema || '_activities', create_crm.schema || '_opportunities')
        ORDER BY b.binding_id;
END
$$;
COMMENT ON FUNCTION revops.create_crm(text, int) IS
    'Makes a CRM for those who have none and attaches it: tables rep, account, campaign, campaign_spend, lead, opportunity and activity in a schema, which is made where it is absent, and the bindings <schema>_leads, <schema>_activities and <schema>_opportunities, which it returns. The tables are the caller''s own: dumped with their rows, left by detach() and DROP EXTENSION, dropped by DROP SCHEMA. The workspace''s reps are copied into rep. The caller is a member of revops_admin and has CREATE on the database, or on the schema where it is there. Raises RV005 where the schema has a table of one of these names or a binding''s name is taken, RV002 for an unknown workspace, 42501; then nothing is done.';

-- ----- a form ---------------------------------------------------------------------

CREATE FUNCTION revops.capture(form jsonb, binding text DEFAULT NULL, signal text DEFAULT NULL,
                               OUT lead_id bigint, OUT key text, OUT created boolean,
                               OUT stage_before text, OUT stage text, OUT fit int, OUT intent int, OUT score int,
                               OUT grade text, OUT team text, OUT rep text, OUT sla_due_at timestamptz,
                               OUT filled text[], OUT ignored text[])
    LANGUAGE c AS 'MODULE_PATHNAME', 'revops_capture';
COMMENT ON FUNCTION revops.capture(jsonb, text, text) IS
    'Takes a web form: finds the lead by its e-mail, or makes it in the attached table, records the touch and settles the lead at once, whatever the binding''s mode: scored, moved, routed, its clock started now. Returns one row: the lead''s number and key, whether it was made (created), its stage before (NULL: new) and after, how it stands as in lead_status, which roles of a lead that was there were filled in, and which keys were ignored. "form" is an object whose keys are roles of the binding; a form may fill columns that can be written, but for the key, stage, owner, team, created_at and updated_at. Of a lead that is there only what is NULL or blank is filled in, as far as the caller may update it; utm_source and utm_campaign are source and campaign; the touch has both, and content (utm_content). "email" is required: blanks around it and case do not count, "Name" <a@b> is taken apart. Besides, "signal" (where the argument is NULL; else form_submit) and "occurred_at" (of the touch; else now). "binding" may be left out where only one of leads is attached. Reads and writes the table with the caller''s rights and policies, who needs SELECT and INSERT on it, and UPDATE for what is to be filled in; of pg_revops USAGE on the schema and EXECUTE on this function. Waits for others who capture the same e-mail, and for the lead. Raises 22023 (no object, no valid e-mail, a value that its column can''t take, a time in the future, a signal that answers), RV002 (no such binding or signal, or several bindings), RV005 (the e-mail is no column that can be written, no index of the table finds it, the new row does not pass the filter), 40001 (the transaction''s snapshot is older than the lead), 25006 (read-only).';
