# The tools that building, running and testing need, and where Debian and Ubuntu have them.
#
# To be sourced after common.sh.
# shellcheck shell=bash

readonly JAVA_VERSION=17

# require_tools TOOL...: installs by apt what is missing, or says what to install, all at once.
require_tools() {
  local tool packages missing=()
  for tool in "$@"; do
    ! "has_$tool" || continue
    read -ra packages <<<"$(package_of "$tool")"
    missing+=("${packages[@]}")
  done
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
  for tool in "$@"; do
    "has_$tool" || die "still missing after the installation: $(package_of "$tool"); is it first on PATH?"
  done
}

has_jdk() {
  have javac || return 1
  local version
  version=$(javac -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')
  [[ -n $version ]] && ((version >= JAVA_VERSION))
}
has_maven() { have mvn; }
has_npm() { have npm; }
has_curl() { have curl; }
has_jq() { have jq; }
has_qemu() { have qemu-system-x86_64; }
has_qemu_img() { have qemu-img && have qemu-io && have qemu-nbd; }
has_openssl() { have openssl; }
has_python3() { have python3; }
has_chromium() { { have chromium || have chromium-browser || have google-chrome; } && have chromedriver; }
has_compiler() { have gcc && [[ -f /usr/include/linux/kvm.h && -f /usr/include/stdio.h ]]; }
has_shellcheck() { have shellcheck; }
has_passt() { have passt; }
has_iasl() { have iasl; }
has_ip() { have ip; }
has_mmdebstrap() { have mmdebstrap; }
has_resize2fs() { have resize2fs; }
has_mke2fs() { have mke2fs; }
has_dmsetup() { have dmsetup; }
has_uidmap() { have newuidmap; }
has_iperf3() { have iperf3; }

package_of() {
  case $1 in
    jdk) jdk_package ;;
    qemu) say qemu-system-x86 ;;
    qemu_img) say qemu-utils ;;
    chromium) say chromium chromium-driver ;;
    mke2fs | resize2fs) say e2fsprogs ;;
    ip) say iproute2 ;;
    compiler) say gcc libc6-dev linux-libc-dev ;;
    iasl) say acpica-tools ;;
    *) say "$1" ;;
  esac
}

# The newest long-term release that the machine's distribution has.
jdk_package() {
  local release
  for release in 25 21 17; do
    if apt-cache show "openjdk-$release-jdk-headless" >/dev/null 2>&1; then
      say "openjdk-$release-jdk-headless"
      return
    fi
  done
  say "openjdk-$JAVA_VERSION-jdk-headless"
}
