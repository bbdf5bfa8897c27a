# Targets that start a private cluster: see test/README.md.
# They need make and a shell only; the script says or installs what is missing.

.PHONY: demo test test-long bench lint

demo:
	@bash demo/demo.sh

test:
	@bash test/all.sh

test-long:
	@LONG=1 bash test/all.sh

bench:
	@bash bench/bench.sh

lint:
	@bash test/lint.sh
