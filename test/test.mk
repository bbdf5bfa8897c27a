# targets that start a private cluster: see test/README.md
