# Sourced by ./veltrix and ./check from the root of the repository: what a build needs, what changed since the last one, and one build at a time.
# What this file says goes to stderr: stdout belongs to the program that is run afterwards.

say() { printf '%s\n' "$*" >&2; }

state=.veltrix
engine_sources='src proto examples Directory.Build.props Directory.Packages.props global.json'

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# The major version of a package that apt would install here, or 0.
apt_major() {
  local version
  version=$(apt-cache show --no-all-versions "$1" 2>/dev/null | sed -n 's/^Version: \([0-9]*:\)\?\([0-9]*\).*/\2/p')
  echo "${version:-0}"
}

need_sdk() {
  if ! command -v dotnet >/dev/null && [ -x "$HOME/.dotnet/dotnet" ]; then PATH="$HOME/.dotnet:$PATH"; fi
  if ! command -v dotnet >/dev/null || ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
    local command='curl -fsSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0'
    [ "$(apt_major dotnet-sdk-10.0)" -lt 10 ] || command='sudo apt-get install -y dotnet-sdk-10.0'
    say ".NET 10 SDK missing; install it with: $command"
    return 1
  fi
}

# 20.19 is the first that Vite runs on.
has_node() {
  local version major minor
  version=$(node --version 2>/dev/null) || return 1
  IFS=. read -r major minor _ <<<"${version#v}"
  [ "$major" -gt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -ge 19 ]; } && command -v npm >/dev/null
}

# A line that changes when any file below the given paths appears, goes, or is written. Build output and packages do not count.
fingerprint() {
  find "$@" -type d \( -name bin -o -name obj -o -name dist -o -name node_modules \) -prune -o -type f -printf '%p %T@ %s\n' 2>/dev/null | cksum
}

engine_fingerprint() { fingerprint $engine_sources web; }

# stale NAME FINGERPRINT: whether the part NAME was last built from something else.
stale() { local built=; { read -r built <"$state/$1"; } 2>/dev/null; [ "$built" != "$2" ]; }

# One build at a time in a checkout. The lock is a file descriptor that the build's own children must not inherit (9>&-): compiler servers outlive it.
with_lock() {
  mkdir -p "$state"
  exec 9>"$state/lock"
  if ! flock -n 9; then
    say "waiting for another build in this folder"
    flock 9
  fi
  "$@" 9>&-
  local status=$?
  exec 9>&-
  return $status
}

# quietly WHAT COMMAND…: one line while it works, the whole log only if it fails.
quietly() {
  local what=$1 log="$state/build.log" began=$SECONDS
  shift
  printf '%s …' "$what" >&2
  if "$@" >"$log" 2>&1 </dev/null; then
    printf ' %s s\n' $((SECONDS - began)) >&2
  else
    printf ' failed\n' >&2
    awk '!seen[$0]++' "$log" >&2 # MSBuild says every error twice
    return 1
  fi
}

page_missing() { [ -f web/package.json ] && [ ! -f web/dist/index.html ] && command -v node >/dev/null; }

# The web pages. Without Node the engine still runs, and says so where the page would be.
build_page() {
  [ -f web/package.json ] || return 0
  local now packages
  now=$(fingerprint web)
  stale page "$now" || page_missing || return 0
  if ! has_node; then
    local command='curl -fsSL https://fnm.vercel.app/install | bash && ~/.local/share/fnm/fnm install 22'
    [ "$(apt_major nodejs)" -lt 20 ] || command='sudo apt-get install -y nodejs npm'
    say "Node 20.19 or newer missing, going on without the page; install it with: $command"
    return 0
  fi
  packages=$(cksum <web/package-lock.json)
  if [ ! -d web/node_modules ] || stale npm "$packages"; then
    quietly "fetching the page's packages" npm --prefix web ci --no-audit --no-fund || return 1
    echo "$packages" >"$state/npm"
  fi
  quietly "building the page" npm --prefix web run build || return 1
  echo "$now" >"$state/page"
}

# Programs that tests run and that Debian does not have. Without them those tests are skipped and say so.
fetch_test_tools() {
  local packages
  command -v npm >/dev/null || return 0
  packages=$(cksum <tests/tools/package-lock.json)
  if [ ! -d tests/tools/node_modules ] || stale test-tools "$packages"; then
    quietly "fetching programs for tests" npm --prefix tests/tools ci --no-audit --no-fund || return 1
    echo "$packages" >"$state/test-tools"
  fi
}
