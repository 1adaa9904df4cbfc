# make run    set up, index seeds/, open the chat
# make test   every check
# make bench  time and memory beside other programs, over the text in TEXT=FOLDER
# make soak   the long fault tests and fuzzing
# make audit  bandit, and pip-audit where its database can be reached
# make setup  .venv with .venv/bin/youju

.PHONY: setup run test bench soak audit lint clean setup-dev models
YOUJU := .venv/bin/youju
PORT ?= 7860
export OMP_WAIT_POLICY ?= passive

setup:
	@./setup.sh

setup-dev:
	@./setup.sh dev

run: setup
	@$(YOUJU) index
	@$(YOUJU) chat --port $(PORT)

lint: setup-dev
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/python -m benchmarks.audit code

test: lint
	@.venv/bin/pytest

bench: setup-dev
	@test -n "$(TEXT)" || { echo "make bench TEXT=folder with text files" >&2; exit 2; }
	@.venv/bin/python -m benchmarks.speed "$(TEXT)"

# The long forms of the fault tests, and ten minutes of fuzzing each; hours on a small machine.
soak: setup-dev
	@YOUJU_SOAK=$${YOUJU_SOAK:-600} .venv/bin/pytest -m soak --timeout 7200

audit: setup-dev
	@.venv/bin/python -m benchmarks.audit

models: setup-dev
	@test -n "$(DATA)" || { echo "make models DATA=folder with the training data" >&2; exit 2; }
	@.venv/bin/python -m train.models --data "$(DATA)"

clean:
	rm -rf .venv var dist build
