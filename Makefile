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

# Debian's PostgreSQL 15 where it is there, whatever else is installed
PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

# without PostgreSQL's development files make demo, test and bench still work:
# they install the packages as root, or say which ones are missing
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
else
all install uninstall:
	@echo "PostgreSQL 15 and its development files are needed (Debian: postgresql-server-dev-15);" >&2
	@echo "set PG_CONFIG when they are in an unusual place." >&2
	@exit 1
endif

# every object may see any header: correct rebuilds matter more than a few seconds
$(OBJS): $(wildcard src/*.h src/*/*.h)

# the install script is the parts of sql/, in load order
sql/$(EXTENSION)--$(EXTVERSION).sql: $(sort $(wildcard sql/[0-9]*.sql))
	cat $^ > $@

include test/test.mk
