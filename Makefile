# The commands of the project. Each works as the first one on a fresh machine: it builds .venv and installs what is missing.

PYTHON ?= python3
BIN := .venv/bin
FOLDER ?= $(HOME)/camera-archive
ARGS ?=
# A browser, what crashes machines on purpose, what builds the firmware for a desktop and checks it for the chip, and what
# stands between an archive and the world.
TEST_PACKAGES := chromium strace fuse3 systemd cmake g++ g++-multilib libgtest-dev libmbedtls-dev openssl \
	openssh-server caddy nginx-light iproute2 \
	gcc-xtensa-lx106 picolibc-xtensa-lx106-elf libstdc++-arm-none-eabi-dev

.PHONY: help serve demo test check bench firmware crash attack screenshots clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

serve: .venv/serve ## run the archive: http://localhost:5555/ (FOLDER=…, ARGS="--port 8080")
	$(BIN)/archive serve "$(FOLDER)" $(ARGS)

demo: .venv/serve ## run the archive with three simulated cameras, in a folder of its own
	@sh .ci/demo "$(BIN)/archive" $(ARGS)

test: .venv/test ## run every test
	@sh .ci/packages $(TEST_PACKAGES)
	$(BIN)/pytest tests -n 2 --dist loadfile $(ARGS)

check: .venv/test ## lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/test ## measure, and write docs/bench.md
	@sh .ci/packages g++ libturbojpeg0-dev nginx-light chromium
	$(BIN)/python -m tests.bench $(ARGS)

firmware: .venv/test ## every test of the firmware, the long ones and the 32-bit build too
	@sh .ci/packages $(TEST_PACKAGES)
	FIRMWARE_WIDE=1 $(BIN)/pytest tests/firmware -n 2 --dist loadfile $(ARGS)

crash: .venv/test ## the long crash tests: 1,000 kills, more power cuts
	@sh .ci/packages strace fuse3
	CRASH_CYCLES=1000 $(BIN)/pytest tests/crash --timeout 0 $(ARGS)

attack: .venv/test ## the long attacks: 200,000 broken requests, 9,000 cameras at once, 10,000 frames through a hostile proxy
	ATTACK_LONG=1 $(BIN)/pytest tests/attack --timeout 0 $(ARGS)

screenshots: .venv/test ## every state of the page as a picture, into screenshots/
	@sh .ci/packages chromium
	$(BIN)/pytest tests/browser/test_*pictures.py $(ARGS)

clean: ## remove what the other commands made here
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache screenshots

# What the archive needs to run, and what its tests need on top.
.venv/serve: pyproject.toml .venv/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/test: pyproject.toml .venv/python
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .venv/serve

.venv/python:
	@sh .ci/venv "$(PYTHON)"
	@touch $@
