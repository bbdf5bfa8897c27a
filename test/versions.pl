#!/usr/bin/perl
#
# versions.pl: the places that name the version agree, and what a release
# needs is there.  Prints TAP.
#
use strict;
use warnings;
use JSON::PP;
use Test::More;

sub slurp
{
	my ($file) = @_;
	open my $in, '<', $file or return '';
	local $/;
	return scalar <$in>;
}

my ($version) = slurp('pg_revops.control') =~ /^default_version\s*=\s*'([^']+)'/m;
like($version, qr/^\d+\.\d+\.\d+$/, 'the control file names a version of three numbers');

my $meta = eval { JSON::PP->new->utf8->decode(slurp('META.json')) };
ok($meta, 'META.json is JSON') or diag($@);
is($meta->{version}, $version, 'META.json has the version of the control file');
is($meta->{provides}{pg_revops}{version}, $version, '... also for the extension in it');
is($meta->{provides}{pg_revops}{file}, "sql/pg_revops--$version.sql", '... and names its install script');
is($meta->{license}, 'postgresql', 'META.json names the licence');
for my $key (qw(name abstract version maintainer license provides meta-spec))
{
	ok(exists $meta->{$key}, "META.json has the required key \"$key\"");
}
like(slurp('CHANGELOG.md'), qr/^## \[\Q$version\E\]/m, 'CHANGELOG.md has an entry for the version');
like(slurp('LICENSE'), qr/^PostgreSQL License$/m, 'LICENSE is the PostgreSQL licence');
for my $data (glob 'demo/data/*')
{
	like(slurp("$data/README.md"), qr/CC BY 4\.0/, "$data says its licence");
	like(slurp("$data/README.md"), qr/10\.24432\//, "$data says its DOI");
}
done_testing();
