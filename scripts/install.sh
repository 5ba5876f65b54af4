#!/bin/sh
# Installs apisix-bun-runner from a release: a folder, or a URL under which its files lie.
set -eu

NAME=apisix-bun-runner

usage() {
  cat <<USAGE
Usage: install.sh --from PLACE [options]

Installs $NAME from a release, once its checksum is found to be right.

  --from PLACE      the release: a folder, or the URL (http, https) of one
  --prefix DIR      install under DIR: bin, share/man, share/doc and completions; default /usr/local
  --dir DIR         install the executable alone, into DIR
  --target NAME     such as linux-x64-musl; default: that of this machine
  --version X.Y.Z   which version, where the release has several
  --sha256 DIGEST   the archive's checksum, from somewhere else than the release; default: SHA256SUMS of the release
  --help            print this
USAGE
}

main() {
  from='' prefix=/usr/local dir='' target='' version='' digest=''
  while [ $# -gt 0 ]; do
    case $1 in
      --help | -h)
        usage
        exit 0
        ;;
      --from | --prefix | --dir | --target | --version | --sha256)
        if [ $# -lt 2 ] || [ -z "$2" ]; then wrong "$1 needs a value"; fi
        case $1 in
          --from) from=$2 ;;
          --prefix) prefix=$2 ;;
          --dir) dir=$2 ;;
          --target) target=$2 ;;
          --version) version=$2 ;;
          --sha256) digest=$2 ;;
        esac
        shift 2
        ;;
      *) wrong "there is no option $1" ;;
    esac
  done
  [ -n "$from" ] || wrong "say where the release is: --from FOLDER, or --from https://HOST/PATH"
  bin=${dir:-$prefix/bin}
  is_here=
  if [ -z "$target" ]; then
    target=$(target_here)
    is_here=yes
  fi

  mkdir -p "$bin" || fail "$bin cannot be made"
  [ -w "$bin" ] || fail "$bin cannot be written to: run this as a user who may, or choose another --prefix or --dir"
  # Beside the final place: what is moved there comes from the same file system, and so at once.
  work=
  trap 'clean' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  work=$(mktemp -d "$bin/.$NAME.XXXXXX") || fail "nothing can be written to $bin"

  fetch SHA256SUMS "$work/SHA256SUMS"
  archive=$(archive_of "$work/SHA256SUMS")
  [ -n "$digest" ] || digest=$(awk -v file="$archive" '$2 == file { print $1 }' "$work/SHA256SUMS")
  fetch "$archive" "$work/$archive"
  actual=$(sha256 "$work/$archive")
  [ "$actual" = "$(printf %s "$digest" | tr A-F a-f)" ] ||
    fail "$archive is not what it should be: its SHA-256 is $actual, expected was $digest; nothing was installed"

  (cd "$work" && gzip -dc "$archive" | tar -xf -) || fail "$archive cannot be unpacked"
  release=$work/${archive%.tar.gz}
  [ -f "$release/$NAME" ] || fail "$archive has no ${archive%.tar.gz}/$NAME in it"
  chmod 0755 "$release/$NAME"
  if [ -n "$is_here" ]; then runs "$release/$NAME"; fi

  if [ -z "$dir" ]; then
    place man/$NAME.1 share/man/man1/$NAME.1
    place completions/$NAME.bash share/bash-completion/completions/$NAME
    place completions/_$NAME share/zsh/site-functions/_$NAME
    place completions/$NAME.fish share/fish/vendor_completions.d/$NAME.fish
    for file in LICENSE THIRD-PARTY-LICENSES $NAME.cdx.json; do
      place "$file" "share/doc/$NAME/$file"
    done
  fi
  # Last: where the executable is new, all else is.
  mv -f "$release/$NAME" "$bin/$NAME"
  echo "installed $bin/$NAME (${archive%.tar.gz})"
}

# linux-x64, linux-arm64-musl, darwin-arm64 and so on.
target_here() {
  system=$(uname -s)
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "there is no release for a processor of the kind $machine; there is one for x86_64 and for aarch64" ;;
  esac
  case $system in
    Linux) if is_musl; then echo "linux-$arch-musl"; else echo "linux-$arch"; fi ;;
    Darwin) echo "darwin-$arch" ;;
    *) fail "there is no release for $system; there is one for Linux and for macOS" ;;
  esac
}

# musl's ldd names it; glibc's names itself. Where both are installed, what the shell is linked to counts.
is_musl() {
  case $(ldd /bin/sh 2>&1 || true) in
    *musl*) return 0 ;;
    *) return 1 ;;
  esac
}

# The one archive for the target that the checksums name.
archive_of() {
  found=$(awk -v head="$NAME-" -v whole="${version:+$NAME-$version-$target.tar.gz}" -v tail="-$target.tar.gz" '
    whole != "" ? $2 == whole : index($2, head) == 1 && length($2) > length(tail) &&
      substr($2, length($2) - length(tail) + 1) == tail { print $2 }' "$1")
  case $found in
    '') fail "$from has no $NAME${version:+ $version} for $target; it has: $(archives "$1")" ;;
    */*) fail "SHA256SUMS of $from names files with a slash in their names" ;;
    *"
"*) fail "$from has several versions for $target, choose one with --version: $(archives "$1")" ;;
    *) echo "$found" ;;
  esac
}

archives() {
  awk '$2 ~ /\.tar\.gz$/ { printf "%s%s", between, $2; between = ", " }' "$1"
}

# fetch NAME FILE: the release's file NAME, as FILE; all of it or none.
fetch() {
  case $from in
    http://* | https://*) download "${from%/}/$1" "$2" ;;
    *://*) fail "$from cannot be fetched from; allowed are a folder, http:// and https://" ;;
    *)
      [ -f "$from/$1" ] || fail "$from/$1 is not there: --from takes the folder of a release"
      cp "$from/$1" "$2" || fail "$from/$1 cannot be read"
      ;;
  esac
}

download() {
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --output "$2" "$1" || fail "$1 cannot be fetched"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$2" "$1" || fail "$1 cannot be fetched"
  else
    fail "neither curl nor wget is here to fetch $1 with"
  fi
}

sha256() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum "$1"
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 "$1"
  else
    fail "neither sha256sum nor shasum is here to check the download with"
  fi | awk '{ print $1 }'
}

# Better to hear it now than from APISIX.
runs() {
  said=$("$1" version 2>&1) && return 0
  case $said in
    *libstdc++*) fail "it does not run here without libstdc++: on Alpine, apk add libstdc++" ;;
    *) fail "it does not run here ($target): $said" ;;
  esac
}

# place FROM TO: a file of the release, under the prefix.
place() {
  mkdir -p "$prefix/$(dirname "$2")" || fail "$prefix/$(dirname "$2") cannot be made"
  cp "$release/$1" "$prefix/$2.new" || fail "$prefix/$2 cannot be written"
  chmod 0644 "$prefix/$2.new"
  mv -f "$prefix/$2.new" "$prefix/$2"
}

clean() {
  [ -z "$work" ] || rm -rf "$work"
}

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

wrong() {
  echo "install.sh: $1 (--help tells more)" >&2
  exit 2
}

# On the last line, so that a script that came in half does nothing.
main "$@"
