# Two commands on a fresh machine: `make run` and `make test`. Both set up what they need first.
# PYTHON=/path/to/python3.11 chooses the interpreter; ARGS=... goes to huajian or pytest.

.PHONY: help setup run test lint fonts clean-data
.NOTPARALLEL:

help:
	@echo 'make run         set up, then start everything and print the address of the studio'
	@echo 'make test        set up, then run the whole suite (ARGS="tests/unit -k card" for a part of it)'
	@echo 'make setup       only set up, into .venv'
	@echo 'make lint        style, types and the direction of imports'
	@echo 'make fonts       fetch the fonts again that were missing'
	@echo 'make clean-data  stop the embedded engines and DELETE the data folder'

setup:
	@sh setup/setup.sh runtime

run: setup
	@if [ -z "$$HUAJIAN_STRIPE__SECRET_KEY" ] && [ "$$HUAJIAN_ENVIRONMENT" != production ]; then \
		export HUAJIAN_TEST_PAYMENTS="$${HUAJIAN_TEST_PAYMENTS:-true}"; fi; \
	exec .venv/bin/huajian serve $(ARGS)

# Four at a time also on two cores: half of what a test does is wait for a process, a browser or a disk.
# In the order of pyproject.toml: the quick ones first. With bytecode kept, whatever the machine's habit:
# the suite starts a hundred processes of ours, and each would compile everything again. A worker that dies
# ends the run: one in its place would begin with the test that killed it, again and again.
test:
	@sh setup/setup.sh dev
	PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(ARGS)

lint:
	@sh setup/setup.sh dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy --num-workers 2
	.venv/bin/lint-imports

fonts: setup
	@.venv/bin/python -m generators.fonts.fetch

clean-data: setup
	@.venv/bin/python -m service.engines
	rm -rf "$${HUAJIAN_DATA_DIR:-.huajian}"
