#
# RevopsFixture.pm: a small CRM with the engine attached, for the tests that
# need clusters of their own.
#
package RevopsFixture;

use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(create_fixture add_leads digests counts views $NOW);

our $NOW = '2026-03-02 10:00:00+00';

my $SCHEMA = q{
CREATE SCHEMA crm;
CREATE TABLE crm.person (id bigint PRIMARY KEY, name text, email text, country text, source text,
	industry text, size int, created_at timestamptz NOT NULL);
CREATE TABLE crm.visit (id bigint PRIMARY KEY, person_id bigint NOT NULL, kind text NOT NULL,
	at timestamptz NOT NULL);
CREATE TABLE crm.deal (id bigint PRIMARY KEY, person_id bigint NOT NULL, amount numeric, won boolean,
	opened_at timestamptz);
};

# Extension, definitions, bindings in a database.
sub create_fixture
{
	my ($node, $database) = @_;
	$node->safe_psql($database, "CREATE EXTENSION pg_revops; SET pg_revops.now = '$NOW'; $SCHEMA" . q{
		SELECT revops.create_workspace('main', 'Europe/Berlin', 'USD');
		INSERT INTO revops.rep (rep) VALUES ('ann'), ('bob');
		INSERT INTO revops.team (team) VALUES ('inbound');
		INSERT INTO revops.team_member SELECT team_id, rep_id, rep_id FROM revops.team, revops.rep WHERE team = 'inbound';
		INSERT INTO revops.route (route, position, team_id)
			SELECT 'everybody', 1000, team_id FROM revops.team WHERE team = 'inbound';
		INSERT INTO revops.calendar (calendar, time_zone) VALUES ('office', 'Europe/Berlin');
		INSERT INTO revops.calendar_hours (calendar_id, isodow, opens, closes)
			SELECT calendar_id, day, '09:00', '17:00' FROM revops.calendar, generate_series(1, 5) AS day;
		SELECT revops.attach_lead('person', 'crm.person', '{
			"created_at": "created_at", "email": "lower(email)", "person_name": "name", "country": "country",
			"source": "source", "industry": "industry", "company_size": "size"}');
		SELECT revops.attach_touch('visit', 'crm.visit', 'person',
			'{"lead": "person_id", "signal": "kind", "occurred_at": "at"}');
		SELECT revops.attach_opportunity('deal', 'crm.deal', 'person',
			'{"lead": "person_id", "won": "won", "amount": "amount", "opened_at": "opened_at"}');
		SELECT revops.draft_agreement() AS draft \gset
		INSERT INTO revops.score_rule (agreement_id, rule, kind, condition, points) VALUES
			(:draft, 'our country', 'fit', $$country IN ('US', 'DE')$$, 40),
			(:draft, 'our size', 'fit', 'company_size between 20 and 300', 40),
			(:draft, 'too big', 'negative', 'company_size > 380', -20);
		UPDATE revops.sla_policy SET target = '30 minutes', calendar_id = (SELECT calendar_id FROM revops.calendar)
			WHERE agreement_id = :draft;
		SELECT revops.adopt_agreement(:draft);
	});
}

# People, their visits and some deals.
sub add_leads
{
	my ($node, $database, $from, $to) = @_;
	$node->safe_psql($database, qq{
		SET pg_revops.now = '$NOW';
		INSERT INTO crm.person
		SELECT n, 'Person ' || n, 'p' || n || '\@example.com', (ARRAY['US', 'DE', 'FR'])[n % 3 + 1],
			(ARRAY['web', 'fair'])[n % 2 + 1], 'software', n % 400, timestamptz '$NOW' - n * interval '1 hour'
		FROM generate_series($from, $to) n;
		INSERT INTO crm.visit
		SELECT n, n, 'demo_request', timestamptz '$NOW' - interval '10 minutes'
		FROM generate_series($from, $to) n WHERE n % 2 = 0;
		INSERT INTO crm.deal
		SELECT n, n, 1000 + n, n % 8 = 0, timestamptz '$NOW' FROM generate_series($from, $to) n WHERE n % 4 = 0;
	});
}

# table => digest of all its rows, for every table of the extension
sub digests
{
	my ($node, $database) = @_;
	my %digest;
	my @tables = split /\n/, $node->safe_psql($database, q{
		SELECT t.oid::regclass FROM pg_extension e, unnest(e.extconfig) AS t(oid)
		JOIN pg_class c USING (oid) WHERE e.extname = 'pg_revops' AND c.relkind IN ('r', 'p') ORDER BY 1});
	# "numbered" is an OID of the database at hand
	my $row = q{(to_jsonb(t) - 'numbered')::text COLLATE "C"};
	for my $table (@tables)
	{
		$digest{$table} = $node->safe_psql($database,
			qq{SELECT count(*), md5(string_agg($row, E'\\n' ORDER BY $row)) FROM $table t});
	}
	return \%digest;
}

sub counts
{
	my ($node, $database) = @_;
	my %counts;
	@counts{qw(leads unstaged)} = split /\|/,
		$node->safe_psql($database, 'SELECT count(*), count(*) FILTER (WHERE stage IS NULL) FROM revops.lead_status');
	return \%counts;
}

sub views
{
	my ($node, $database) = @_;
	return split /\n/, $node->safe_psql($database, q{
		SELECT c.oid::regclass FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
		JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
		WHERE e.extname = 'pg_revops' AND d.deptype = 'e' AND c.relkind = 'v' ORDER BY 1});
}

1;
