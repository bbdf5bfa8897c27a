-- The standard roles of each kind of binding, in the order of the enums in
-- src/define/binding.h: a role's position here is its place in the role slot.

CREATE FUNCTION revops.standard_roles(kind text)
    RETURNS TABLE (role text, role_type regtype, personal boolean, "position" int)
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 20
    SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT r.role, r.role_type::regtype, r.personal, r.pos
    FROM (VALUES
        ('lead', 0, 'created_at', 'timestamptz', false),
        ('lead', 1, 'stage', 'text', false),
        ('lead', 2, 'owner', 'text', false),
        ('lead', 3, 'team', 'text', false),
        ('lead', 4, 'source', 'text', false),
        ('lead', 5, 'campaign', 'text', false),
        ('lead', 6, 'segment', 'text', false),
        ('lead', 7, 'email', 'text', true),
        ('lead', 8, 'phone', 'text', true),
        ('lead', 9, 'person_name', 'text', true),
        ('lead', 10, 'company', 'text', false),
        ('lead', 11, 'title', 'text', false),
        ('lead', 12, 'country', 'text', false),
        ('lead', 13, 'region', 'text', false),
        ('lead', 14, 'city', 'text', false),
        ('lead', 15, 'industry', 'text', false),
        ('lead', 16, 'company_size', 'bigint', false),
        ('lead', 17, 'language', 'text', false),
        ('lead', 18, 'amount', 'numeric', false),
        ('lead', 19, 'currency', 'text', false),
        ('lead', 20, 'updated_at', 'timestamptz', false),
        ('lead', 21, 'reason', 'text', false),
        ('touch', 0, 'lead', 'text', false),
        ('touch', 1, 'signal', 'text', false),
        ('touch', 2, 'occurred_at', 'timestamptz', false),
        ('touch', 3, 'source', 'text', false),
        ('touch', 4, 'campaign', 'text', false),
        ('touch', 5, 'content', 'text', false),
        ('opportunity', 0, 'lead', 'text', false),
        ('opportunity', 1, 'won', 'boolean', false),
        ('opportunity', 2, 'lost', 'boolean', false),
        ('opportunity', 3, 'amount', 'numeric', false),
        ('opportunity', 4, 'currency', 'text', false),
        ('opportunity', 5, 'opened_at', 'timestamptz', false),
        ('opportunity', 6, 'closed_at', 'timestamptz', false),
        ('opportunity', 7, 'owner', 'text', false),
        ('opportunity', 8, 'product', 'text', false),
        ('opportunity', 9, 'nature', 'text', false),
        ('opportunity', 10, 'reason', 'text', false),
        ('opportunity', 11, 'competitor', 'text', false),
        ('lookup', 0, 'lead', 'text', false))
        AS r (kind, pos, role, role_type, personal)
    WHERE r.kind = standard_roles.kind
    ORDER BY r.pos
    $$;
COMMENT ON FUNCTION revops.standard_roles(text) IS
    'Standard roles of a kind of binding (lead, touch, opportunity, lookup): name, type that rules see, whether it is personal, position in the role slot from 0. No row for another kind.';
