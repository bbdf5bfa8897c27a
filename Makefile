# pg_revops: make, make install, make demo, make test, make bench
EXTENSION = pg_revops
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" pg_revops.control)

MODULE_big = pg_revops
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
DATA_built = sql/$(EXTENSION)--$(EXTVERSION).sql
EXTRA_CLEAN = sql/$(EXTENSION)--$(EXTVERSION).sql

PG_CPPFLAGS = -I$(srcdir)/src
PG_CFLAGS = -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -Wno-declaration-after-statement

PG_CONFIG = pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# every object may see any header: correct rebuilds matter more than a few seconds
$(OBJS): $(wildcard src/*.h src/*/*.h)

# the install script is the parts of sql/, in load order
sql/$(EXTENSION)--$(EXTVERSION).sql: $(sort $(wildcard sql/[0-9]*.sql))
	cat $^ > $@

include test/test.mk
