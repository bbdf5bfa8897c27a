#!/usr/bin/perl
#
# bank.t: our reading of the bank's data agrees with figures that others
# computed from the same file (the data set's reference sheet), and the figures
# that the demo is held to follow from that reading.
#
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__);
use Test::More;

use csv qw(content_sha256 percentile);
use bank qw(load_bank success_by bank_score);

my $file = dirname(__FILE__) . '/../../demo/data/uci_bank/bank-additional-full.csv.gz';

my ($sha, $size) = content_sha256($file);
is($sha, '74adfc578bf77a7ff4bb1ba4a9f8709d9e3c6907342959c2c8416847e0afb4d8', 'the content is the original');
is($size, 5834924, 'its size too');

my $rows = load_bank($file);
is(scalar @$rows, 41188, 'people');
is(scalar(grep { $_->{won} } @$rows), 4640, 'people who said yes');
is(scalar(keys %{ $rows->[0] }), 21 + 4, 'columns');

is(scalar(grep { $_->{pdays} == 999 && $_->{previous} > 0 } @$rows), 4110,
	'pdays 999 in spite of earlier contacts');

# value => [people, yes]
my %expected = (
	contact => { cellular => [ 26144, 3853 ], telephone => [ 15044, 787 ] },
	poutcome => { nonexistent => [ 35563, 3141 ], failure => [ 4252, 605 ], success => [ 1373, 894 ] },
	job => {
		'admin.' => [ 10422, 1352 ], 'blue-collar' => [ 9254, 638 ], technician => [ 6743, 730 ],
		services => [ 3969, 323 ], management => [ 2924, 328 ], retired => [ 1720, 434 ],
		entrepreneur => [ 1456, 124 ], 'self-employed' => [ 1421, 149 ], housemaid => [ 1060, 106 ],
		unemployed => [ 1014, 144 ], student => [ 875, 275 ], unknown => [ 330, 37 ],
	},
	default => { no => [ 32588, 4197 ], unknown => [ 8597, 443 ], yes => [ 3, 0 ] },
	marital => {
		married => [ 24928, 2532 ], single => [ 11568, 1620 ], divorced => [ 4612, 476 ], unknown => [ 80, 12 ],
	},
);
is_deeply(success_by($rows, $_), $expected{$_}, "success by $_") for sort keys %expected;

is(sprintf('%.4f', percentile(0.5, map { $_->{euribor3m} } @$rows)), '4.8570', 'median of euribor3m');
is(sprintf('%.4f', percentile(0.5, map { $_->{campaign} } @$rows)), '2.0000', 'median of campaign');

# the score, by hand, for a few people
my %person = (
	poutcome => 'nonexistent', previous => 0, job => 'services', education => 'high.school',
	contact => 'cellular', marital => 'married', default => 'unknown', euribor3m => 4.857,
	campaign => 1, month => 'jul',
);
is(bank_score({%person}), 40, 'base 30, mobile phone 10');
is(bank_score({ %person, poutcome => 'success', previous => 1 }), 90, 'an earlier success 40, an earlier contact 10');
is(bank_score({ %person, job => 'retired', education => 'university.degree', marital => 'single',
			default => 'no', euribor3m => 1.2, poutcome => 'success', previous => 1 }), 100, 'at most 100');
is(bank_score({ %person, job => 'blue-collar', campaign => 7, contact => 'telephone', month => 'may' }), 0,
	'negative rules, at least 0');
done_testing();
