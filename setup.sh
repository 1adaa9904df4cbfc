#!/bin/sh
# Create .venv with .venv/bin/youju in it; `make setup` calls this. Safe to run again.
#   setup.sh        what a user needs
#   setup.sh dev    and what the checks need
# TORCH_INDEX names another index than PyTorch's own for its CPU build, a mirror say.
set -eu
cd "$(dirname "$0")"
extra=${1:-}
want=$(cksum pyproject.toml | cut -d' ' -f1)-$extra
[ -f .venv/ready ] && have=$(cat .venv/ready) || have=
case $have in
  "$want"|"${want%-*}-dev") [ -x .venv/bin/youju ] && exit 0 ;;
esac

python=${PYTHON:-}
for candidate in $python python3.13 python3.12 python3.11 python3; do
  if command -v "$candidate" >/dev/null 2>&1 &&
     "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
    python=$candidate; break
  fi
  python=
done
if [ -z "$python" ]; then
  echo "Youju needs Python 3.11 to 3.13. On Debian 12: apt-get install python3 python3-venv" >&2
  exit 2
fi

if command -v uv >/dev/null 2>&1; then
  tool="uv pip"; echo "Setting up .venv with uv and $($python --version)"
  [ -x .venv/bin/python ] || uv venv --quiet --python "$python" .venv
  install() { VIRTUAL_ENV=$PWD/.venv uv pip install --quiet --compile-bytecode "$@"; }
else
  tool="pip"; echo "Setting up .venv with pip and $($python --version)"
  [ -x .venv/bin/pip ] || "$python" -m venv .venv || {
    echo "The venv module is missing. On Debian: apt-get install python3-venv" >&2; exit 2; }
  install() { .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"; }
fi

# On Linux, PyPI's torch brings 3 GB of CUDA, of no use without a GPU.
cpu_index=${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}
torch="torch==2.13.*"
if .venv/bin/python -c 'import torch, sys; sys.exit(not torch.__version__.startswith("2.13."))' 2>/dev/null; then
  echo "torch is there already"
elif [ "$(uname -s)" = Linux ] && [ ! -e /dev/nvidiactl ] &&
     .venv/bin/python - "$cpu_index/torch/" <<'PY'
import sys, urllib.request
try:
    sys.exit(urllib.request.urlopen(sys.argv[1], timeout=3).status != 200)
except OSError:
    sys.exit(1)
PY
then
  echo "No GPU: torch's CPU build (about 200 MB) from $cpu_index"
  install "$torch" --index-url "$cpu_index"
else
  echo "torch from the configured package index; where that gives the CUDA build it is about 3 GB with its libraries"
  # uv does not read pip's configuration, where a company mirror or a local wheel may be named.
  .venv/bin/python -m pip --version >/dev/null 2>&1 || install pip
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "$torch"
fi
.venv/bin/python -c 'from importlib.metadata import version; print("torch", version("torch"))'
du -sh .venv/lib/python3*/site-packages/torch | awk '{print "torch takes " $1 " on disk"}'

echo "Installing Youju and what it needs with $tool …"
if [ "$extra" = dev ]; then install --editable '.[dev]'; else install --editable .; fi
echo "$want" > .venv/ready
echo "Ready: .venv/bin/youju"
