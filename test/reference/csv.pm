#
# csv.pm: reading the demo's data without a database (core Perl only).
#
package csv;

use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(read_csv percentile content_sha256);

use Digest::SHA;

# One line into its fields: quotes may surround a field, "" stands for one.
sub split_line
{
	my ($line, $separator) = @_;
	return split /\Q$separator\E/, $line, -1 unless $line =~ /"/;
	my @fields;
	while ($line =~ /\G(?:"((?:[^"]|"")*)"|([^\Q$separator\E]*))(?:\Q$separator\E|$)/g)
	{
		my $field = defined $1 ? $1 : $2;
		$field =~ s/""/"/g;
		push @fields, $field;
		last if pos($line) >= length $line;
	}
	return @fields;
}

# read_csv(FILE, SEPARATOR, CODE): calls CODE with a hash of each row, in
# order; FILE may end in .gz.  Fields hold no line breaks in our data.
sub read_csv
{
	my ($file, $separator, $code) = @_;
	my $in;
	if ($file =~ /\.gz$/)
	{
		open $in, '-|', 'gzip', '-dc', $file or die "cannot read $file: $!";
	}
	else
	{
		open $in, '<', $file or die "cannot read $file: $!";
	}
	my $head = <$in>;
	$head =~ s/\r?\n$//;
	my @names = split_line($head, $separator);
	while (my $line = <$in>)
	{
		$line =~ s/\r?\n$//;
		my %row;
		@row{@names} = split_line($line, $separator);
		$code->(\%row);
	}
	close $in or die "reading $file failed";
	return @names;
}

# The value at a share of the way through sorted numbers, interpolated, as
# SQL's percentile_cont defines it.
sub percentile
{
	my ($share, @values) = @_;
	return undef unless @values;
	my @sorted = sort { $a <=> $b } @values;
	my $place = $share * $#sorted;
	my $low = int $place;
	return $sorted[$low] if $low == $#sorted;
	return $sorted[$low] + ($place - $low) * ($sorted[ $low + 1 ] - $sorted[$low]);
}

# SHA-256 and size of what a compressed file holds.
sub content_sha256
{
	my ($file) = @_;
	open my $in, '-|', 'gzip', '-dc', $file or die "cannot read $file: $!";
	binmode $in;
	my $sha = Digest::SHA->new(256);
	my $size = 0;
	while (read $in, my $part, 1 << 20)
	{
		$sha->add($part);
		$size += length $part;
	}
	close $in;
	return ($sha->hexdigest, $size);
}

1;
