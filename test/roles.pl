#!/usr/bin/perl
#
# roles.pl: the standard roles are told three times: as enums in
# src/define/binding.h, as names and types in src/define/binding_compile.c, as
# rows in sql/35_standard_roles.sql.  They must agree, in order.
#
use strict;
use warnings;
use FindBin;
use Test::More;

my %type_name = (TEXTOID => 'text', INT8OID => 'bigint', NUMERICOID => 'numeric',
	BOOLOID => 'boolean', TIMESTAMPTZOID => 'timestamptz');

sub slurp
{
	my ($file) = @_;
	open my $handle, '<', "$FindBin::Bin/../$file" or die "$file: $!";
	local $/;
	return <$handle>;
}

my $header = slurp('src/define/binding.h');
my $source = slurp('src/define/binding_compile.c');
my $sql = slurp('sql/35_standard_roles.sql');

for my $kind (qw(lead touch opportunity))
{
	my $prefix = uc $kind;
	my ($body) = $header =~ /typedef enum \w*Role\s*\{([^}]*\b${prefix}_ROLES\b[^}]*)\}/;
	my @enum = grep { $_ ne 'roles' } map { lc } $body =~ /\b${prefix}_(\w+)\s*,?/g;
	my ($array) = $source =~ /\b${kind}_roles\[\] = \{(.*?)\n\};/s;
	my @compiled = map { "$_->[0] $type_name{$_->[1]}" }
		map { [ /"(\w+)", (\w+)/ ] } $array =~ /\{([^}]*)\}/g;
	my @rows = map { [ /'(\w+)', (\d+), '(\w+)', '(\w+)'/ ] } $sql =~ /\(('$kind', \d+, .*?)\)/g;

	cmp_ok(scalar @rows, '>', 2, "$kind: roles found");
	is_deeply([ map { $_->[2] } @rows ], \@enum, "$kind: rows and enum");
	is_deeply([ map { "$_->[2] $_->[3]" } @rows ], \@compiled, "$kind: rows and compiled names, types");
	is_deeply([ map { $_->[1] } @rows ], [ 0 .. $#rows ], "$kind: positions");
}

done_testing();
