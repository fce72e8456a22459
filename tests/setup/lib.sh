# Sourced by the installers beside it: where things go, and how an installer knows that it has nothing to do.
set -euo pipefail
export LC_ALL=C.UTF-8
setup_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$setup_dir/../.." && pwd)
tools=$repository/.tools
mkdir -p "$tools"

# stamp NAME FILE...: prints the state that the pinned files ask for. Part of it is the place: what is installed knows its own path.
stamp() { { echo "$tools"; cat "${@:2}"; } | sha256sum | cut -c1-32; }

# is_current NAME FILE...: true when .tools/NAME was installed from exactly these pinned files.
is_current() { [ "$(cat "$tools/$1/.stamp" 2>/dev/null)" = "$(stamp "$@")" ]; }

# mark_current NAME FILE...: remembers it. Only called after the installation succeeded.
mark_current() { stamp "$@" >"$tools/$1/.stamp"; }

say() { printf 'setup: %s\n' "$*"; }
