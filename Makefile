# `make check` while you write, `make test` before you hand it on. CONTRIBUTING.md tells the rest.
.PHONY: help check one dev test audit

help:  ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## */  make \1	/p' Makefile | expand -t 16

check:  ## types, lints and unit tests, dev profile: under a minute once built
	@tools/check.sh

one:  ## the tests of any kind whose name contains T: make one T=journey
	@tools/one.sh '$(T)'

dev:  ## a demo office that builds and shows what you change, on http://127.0.0.1:8080
	@node tools/dev.mjs

test:  ## the whole proof, on a fresh machine too: installs, builds, every test, the browsers' included
	@tools/test.sh

audit:  ## judge the dependencies: vulnerabilities, licences, sources
	@tools/audit.sh
