# Shared by lab, quickstart, verify and the scripts beside this file: messages, the home directory,
# and Debian packages, whether installed on the machine or only unpacked into the cache.
#
# To be sourced by bash under `set -euo pipefail`.
# shellcheck shell=bash

SCRIPTS_DIR=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for those who source this
PROJECT_DIR=$(cd -- "$SCRIPTS_DIR/../.." && pwd)
PROGRAM=${0##*/}
# Where mke2fs and its kin are, which Debian leaves out for ordinary users.
PATH=$PATH:/usr/sbin:/sbin

# The default depends on who asks: a system service keeps its state under /var/lib, a user at home.
if [[ -z ${KVMBEANS_HOME:-} ]]; then
  if ((EUID == 0)); then KVMBEANS_HOME=/var/lib/kvmbeans; else KVMBEANS_HOME=$HOME/.kvmbeans; fi
fi
export KVMBEANS_HOME
CACHE_DIR=$KVMBEANS_HOME/cache

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "$PROGRAM" "$*" >&2; }
die() {
  warn "$*"
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# 7.25 from 7250: milliseconds as seconds for people.
seconds() { printf '%d.%02d' $(($1 / 1000)) $(($1 % 1000 / 10)); }

now_millis() { printf '%s' "$((${EPOCHREALTIME/[.,]/} / 1000))"; }

# --- hardware ---------------------------------------------------------------------------------

# Hardware KVM runs stock kernels; software KVM, which has no CPU flag, runs only small guests.
has_hardware_kvm() { grep -qwE 'vmx|svm' /proc/cpuinfo && has_usable_kvm; }
has_usable_kvm() { [[ -c /dev/kvm && -r /dev/kvm && -w /dev/kvm ]]; }

# --- installed packages ------------------------------------------------------------------------

has_apt() { have apt-get && have dpkg; }

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    die "needs root for '$*', and there is no sudo; run that as root and start again"
  fi
}

# install_packages PACKAGE...: installs what is missing; elsewhere than on Debian, says what to do.
install_packages() {
  (($# > 0)) || return 0
  has_apt || die "please install what these Debian packages hold, then start again: $*"
  say "Installing $*"
  local log
  log=$(mktemp)
  if ! as_root apt-get -qq update >"$log" 2>&1 \
    || ! as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get -qq install --yes --no-install-recommends "$@" >>"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    die "apt-get could not install: $*"
  fi
  rm -f "$log"
}

# --- unpacked packages -------------------------------------------------------------------------

# Unpacking needs no root and leaves the machine as it was: no boot loader, no triggers.
# Package lists are refreshed in a directory of our own, for the same reason.
private_apt() {
  local state=$CACHE_DIR/apt
  mkdir -p "$state/lists/partial" "$state/archives/partial"
  "$@" -o Dir::State::Lists="$state/lists" -o Dir::Cache="$state/archives" \
    -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1
}

# unpacked_package NAME: prints the directory that holds the package's files.
unpacked_package() {
  local name=$1 target=$CACHE_DIR/packages/$1 work
  if [[ ! -d $target ]]; then
    has_apt || die "$name is taken from Debian's or Ubuntu's archive, and there is no apt-get here;" \
      "unpack that package into $target and start again"
    mkdir -p "$CACHE_DIR/packages"
    work=$(mktemp -d "$CACHE_DIR/packages/.unpack.XXXXXX")
    if ! (cd "$work" && download_package "$name" && dpkg -x ./*.deb files) >"$work/log" 2>&1; then
      cat "$work/log" >&2
      rm -rf "$work"
      die "could not fetch the package $name"
    fi
    mv -T "$work/files" "$target"
    rm -rf "$work"
  fi
  printf '%s\n' "$target"
}

# The machine's own package lists may be missing or so old that the archive has moved on.
download_package() {
  private_apt apt-get -qq download "$1" && return
  private_apt apt-get -qq update && private_apt apt-get -qq download "$1"
}

# kernel_package META: prints the package that META, such as linux-image-amd64, stands for now.
kernel_package() {
  local meta=$1 package
  package=$(image_dependency "$meta")
  if [[ -z $package ]]; then
    private_apt apt-get -qq update >&2
    package=$(image_dependency "$meta")
  fi
  [[ -n $package ]] || die "the package archive knows no kernel named $meta"
  printf '%s\n' "$package"
}

image_dependency() {
  private_apt apt-cache depends --important "$1" 2>/dev/null \
    | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

# with_cache_lock COMMAND...: two scripts that start at once must not build the same cache twice.
with_cache_lock() {
  mkdir -p "$CACHE_DIR"
  (
    flock 9
    "$@"
  ) 9>"$CACHE_DIR/.lock"
}
