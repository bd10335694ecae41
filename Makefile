# The two commands of a new user: `make demo`, `make test`. Everything else is for developers.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
ONCE ?=
WORKERS ?= $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 2)")

.PHONY: demo test check format setup setup-demo real-parts other-assistants kafka spark docs picture bench lock clean

demo: setup-demo ## Set up, run the main job in the world that ships, show the result.
	$(BIN)/resay demo $(if $(ONCE),--once)

# Tests start processes by the hundred; where the environment forbids keeping what was compiled, each would compile all libraries again.
# Threads of a worker would only wait for those of others. Two more workers than cores, as tests wait too, mostly for brokers;
# each begins with tests that stand side by side, so that what they share is made once.
test: setup ## Set up and run every test.
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal

check: setup ## The one definition of clean.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: .venv/.ready-dev real-parts other-assistants ## Everything that developers need.

# The real parts that tests start: a browser, Java with Maven for the broker, PostgreSQL, and two synthesisers. Debian's packages where we may install them.
real-parts:
	@command -v chromium >/dev/null || $(call install,chromium,chromium)
	@command -v mvn >/dev/null || $(call install,maven default-jre-headless,Maven and Java 17)
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || $(call install,postgresql,PostgreSQL)
	@{ command -v espeak-ng && command -v flite; } >/dev/null || $(call install,espeak-ng flite,espeak-ng and flite)
	@test -e tests/axe/node_modules || { command -v npm >/dev/null && npm ci --prefix tests/axe --ignore-scripts --no-audit --no-fund --silent; } \
		|| echo "npm must fetch axe-core for the pages to be checked for screen readers; without it those tests are skipped"
define install
{ if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; \
	then echo "installing $(1)"; apt-get update -qq && apt-get install -y -qq --no-install-recommends $(1) >/dev/null; \
	else echo "$(2) must be installed for all tests to run; without it some are skipped"; fi; }
endef

setup-demo: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	$(call fresh,requirements.lock)
	touch $@

.venv/.ready-dev: requirements-dev.lock pyproject.toml
	$(call fresh,requirements-dev.lock)
	touch .venv/.ready $@

# uv checks the same hashes as pip, and takes a fraction of pip's time over torch and its libraries; what it fetched once it keeps.
define fresh
$(PYTHON) -m venv .venv
$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1)
$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
endef

other-assistants: .venv-home_assistant/.ready .venv-rasa/.ready ## A real Home Assistant and Rasa's action server for tests to start; 600 MB.

# Each in an environment of its own, as they require other versions of what we do. What works stays until the new one stands; half of one is none.
.venv-home_assistant/.ready .venv-rasa/.ready: .venv-%/.ready: tests/%/requirements.lock | .venv/.ready-dev
	rm -rf .venv-$*.draft
	{ $(BIN)/uv venv --quiet --relocatable --python $(BIN)/python .venv-$*.draft \
		&& $(BIN)/uv pip install --quiet --python .venv-$*.draft/bin/python --require-hashes -r $< && touch .venv-$*.draft/.ready \
		&& rm -rf .venv-$* && mv .venv-$*.draft .venv-$*; } \
		|| { rm -rf .venv-$*.draft; echo "packages of tests/$* could not be installed; $(if $(wildcard .venv-$*/.ready),those that are there stay,its tests are skipped)"; }

kafka: ## A real Kafka broker of one node on loopback, for people who have none; needs Java 17 and Maven.
	$(PYTHON) deploy/kafka/broker.py $(if $(PORT),--port $(PORT))

spark: ## Delta's jars, by which Spark reads the lake; prints their folder; needs Maven.
	@$(PYTHON) deploy/spark/jars.py

docs: setup ## Generate what docs/ says of schemas and tables.
	$(BIN)/resay schema > docs/resay.turn-1.schema.json
	$(BIN)/resay tables > docs/tables.md
	$(BIN)/resay openapi > docs/api/openapi.json

picture: setup ## Take README's picture again.
	$(BIN)/resay demo --once --home .resay/picture
	$(BIN)/python docs/picture.py .resay/picture/demo

bench: setup ## The quick benchmarks, as tables; `resay bench … --json` for machines. Real calls only where the corpus lies beside the checkout.
	$(BIN)/resay bench experiments
	$(BIN)/resay bench index --wordings 20000
	$(BIN)/resay bench loop --customers 300 --days 14 --scored-days 7 --learn-every 14
	$(BIN)/resay bench context --worlds 1
	test ! -e ../shared/data/dstc2 || $(BIN)/resay bench replay

lock: setup ## Lock the dependencies again, with hashes and without addresses.
	echo uv | $(BIN)/uv pip compile $(LOCK) - -o requirements-uv.lock
	$(BIN)/uv pip compile $(LOCK) tests/home_assistant/requirements.in -o tests/home_assistant/requirements.lock
	$(BIN)/uv pip compile $(LOCK) tests/rasa/requirements.in -o tests/rasa/requirements.lock
	echo 'setuptools>=80' | $(BIN)/uv pip compile $(LOCK) --extra demo --extra otlp pyproject.toml - -o requirements.lock
	echo 'setuptools>=80' | $(BIN)/uv pip compile $(LOCK) --extra kafka --extra otlp --extra postgresql pyproject.toml - -o requirements-deploy.lock
	echo 'setuptools>=80' | $(BIN)/uv pip compile $(LOCK) --extra dev --extra lab --extra kafka --extra otlp --extra spark --extra train --extra postgresql pyproject.toml - -o requirements-dev.lock
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade

clean:
	rm -rf .venv .venv-* build *.egg-info
