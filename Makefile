# Every target sets up what it needs in .venv, once. PYTHON names another interpreter (3.10 to 3.13).
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help install demo test slow conformance check format docs pictures gallery bench clean torch

help:  ## list these targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

install: $(VENV)/installed  ## make .venv with the command nst

demo: $(VENV)/installed  ## export, serve, stylise a sample pair; pictures in demo/
	$(VENV)/bin/nst demo demo

# tests/scheduling.py says which tests stay together. Each worker and each command that a test starts would compile
# all modules anew where the environment forbids Python to keep them compiled, as many images of containers do.
PYTEST := PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -m pytest --numprocesses=auto

# MALLOC_ARENA_MAX: glibc keeps eight arenas a processor of what threads have freed, and TensorFlow has many threads.
# There is a worker for each processor, so each computes on one: threads that wait for one another take a tenth more.
test: $(VENV)/installed-dev  ## run the fast tests
	NST_TARGET= MALLOC_ARENA_MAX=2 TF_NUM_INTRAOP_THREADS=1 OMP_NUM_THREADS=1 $(PYTEST) -m "not slow"

torch: $(VENV)/installed-training  ## install PyTorch too: without it the tests of export/training's program are skipped

slow: $(VENV)/installed-dev  ## run the slow tests: the full VGG19, every way to load an artefact
	NST_TARGET= $(PYTEST) -m slow

conformance: $(VENV)/installed-dev  ## the protocol tests; NST_TARGET=HOST:PORT runs them on that server
	$(VENV)/bin/python -m pytest tests/conformance

check: $(VENV)/installed-dev  ## lint, formatting, types
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

format: $(VENV)/installed-dev  ## let ruff rewrite the code
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

docs: $(VENV)/installed-dev  ## write the generated parts of the documents anew
	$(VENV)/bin/python -m tests.documents

pictures: $(VENV)/installed-dev  ## make the README's pictures anew
	$(VENV)/bin/python -m tests.pictures

gallery: $(VENV)/installed-dev  ## make client/gallery/, a page of what goes where, anew
	$(VENV)/bin/python -m tests.gallery

bench: $(VENV)/installed-dev  ## an iteration beside other loops (PyTorch's after `make torch`), calls against one, a batch
	$(VENV)/bin/nst bench
	$(VENV)/bin/python -m tests.benchmarks.split_overhead
	$(VENV)/bin/python -m tests.benchmarks.batch_scaling

clean:  ## remove .venv and what the demo made
	rm -rf $(VENV) demo

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' || \
		{ echo "nst-serving needs Python 3.10 to 3.13: name one with make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install "pip>=25.1"
	$(PIP) install --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-training: $(VENV)/installed-dev
	$(PIP) install --constraint constraints.txt --group training
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) install --constraint constraints.txt --group dev
	touch $@
