#!/usr/bin/env bash
# A Python component imports sockets, although its world imports nothing.
#
# Version:  componentize-py 0.25.1
# Seen:     2026-11-30
# Expected: a component asks for what its world imports, and for what the Python it holds needs to run (clocks, random numbers, standard streams).
# Seen:     it imports `wasi:sockets/*`, used or not, so a host that grants no network has to link them or refuse every Python component.
#           `--stub-wasi` removes all of WASI instead, clocks and random numbers included.
# Here:     the gate names these imports in its refusal.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check componentize-py==0.25.1

cat >"$work/expected" <<'END'
wasi:sockets/instance-network
wasi:sockets/ip-name-lookup
wasi:sockets/network
wasi:sockets/tcp
wasi:sockets/tcp-create-socket
wasi:sockets/udp
wasi:sockets/udp-create-socket
END
cat >"$work/world.wit" <<'END'
package example:adder;

interface sums {
  add: func(a: u32, b: u32) -> u32;
}

world adder {
  export sums;
}
END
cat >"$work/app.py" <<'END'
class Sums:
    def add(self, a: int, b: int) -> int:
        return a + b
END
(cd "$work" && venv/bin/componentize-py -d world.wit -w adder componentize app -o adder.wasm >log 2>&1) || { cat "$work/log" >&2; exit 1; }
LC_ALL=C grep -aoE 'wasi:sockets/[a-z-]+' "$work/adder.wasm" | LC_ALL=C sort -u | tee "$work/seen"
diff "$work/expected" "$work/seen" && echo "still so"
