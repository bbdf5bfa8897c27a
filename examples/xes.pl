#!/usr/bin/perl
#
# xes.pl KEY...: an event log in XES from stdin as CSV, one line an event, in the
# order of the log: its number, the number of the event in its case, the case,
# and the values of the keys.  What an event does not have is empty.
#
# Reads a document that has one element a line, as the loggers and ProM write it.
#
use strict;
use warnings;

my %entity = (amp => '&', lt => '<', gt => '>', quot => '"', apos => "'");

sub plain
{
	my ($text) = @_;
	$text =~ s/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/defined $1 ? chr hex $1 : defined $2 ? chr $2 : $entity{$3} \/\/ die "unknown entity &$3;\n"/ge;
	return $text;
}

sub field
{
	my ($text) = @_;
	return '' unless defined $text;
	return $text unless $text =~ /[",\r\n]/;
	$text =~ s/"/""/g;
	return qq("$text");
}

binmode STDIN, ':encoding(UTF-8)';
binmode STDOUT, ':encoding(UTF-8)';

my ($events, $place, $case, $event) = (0, 0, undef, undef);
while (my $line = <STDIN>)
{
	if ($line =~ /<trace>/)
	{
		($case, $place) = ('', 0);
	}
	elsif ($line =~ /<event>/)
	{
		$event = {};
	}
	elsif ($line =~ m{</event>})
	{
		print join(',', ++$events, ++$place, map({ field($_) } $case, @{$event}{@ARGV})), "\n";
		$event = undef;
	}
	elsif ($line =~ m{<\w+ key="([^"]*)" value="([^"]*)"})
	{
		$event->{ plain($1) } = plain($2) if $event;
		$case = plain($2) if !$event && defined $case && $1 eq 'concept:name';
	}
	elsif ($line =~ m{</trace>})
	{
		$case = undef;
	}
}
