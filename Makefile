# make run    set up, index seeds/, open the chat
# make test   every check
# make setup  .venv with .venv/bin/youju

.PHONY: setup run test lint clean setup-dev models
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

test: lint
	@.venv/bin/pytest

models: setup-dev
	@test -n "$(DATA)" || { echo "make models DATA=folder with the training data" >&2; exit 2; }
	@.venv/bin/python -m train.models --data "$(DATA)"

clean:
	rm -rf .venv var dist build
