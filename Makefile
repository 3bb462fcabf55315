# `make test` is the whole proof, on a fresh machine too; `make audit` judges the dependencies.
.PHONY: test audit

test:
	tools/test.sh

audit:
	tools/audit.sh
