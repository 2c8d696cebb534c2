# How the lab's and the guest's initramfs are made, with nothing but a static busybox.
#
# To be sourced after common.sh.
# shellcheck shell=bash

busybox_binary() {
  local files
  files=$(unpacked_package busybox-static)
  if [[ -x $files/usr/bin/busybox ]]; then say "$files/usr/bin/busybox"; else say "$files/bin/busybox"; fi
}

# --- results that are made once ----------------------------------------------------------------

stamp_of() { cat "$@" | sha256sum | cut -d ' ' -f 1; }
is_current() { [[ -f $1/stamp && $(<"$1/stamp") == "$2" ]]; }

# publish WORK TARGET STAMP: a result is there as a whole or not at all.
publish() {
  local work=$1 target=$2 stamp=$3
  rm -rf "$work/tree" "$target"
  say "$stamp" >"$work/stamp"
  chmod 755 "$work"
  mv -T "$work" "$target"
}

# --- trees -------------------------------------------------------------------------------------

# start_tree DIR: an empty root with busybox in it.
start_tree() {
  mkdir -p "$1"/{bin,dev,etc,proc,sys,tmp}
  install -m 755 "$(busybox_binary)" "$1/bin/busybox"
}

pack_tree() {
  local busybox
  busybox=$(busybox_binary)
  (cd "$1" && find . | sort | "$busybox" cpio -o -H newc --quiet -R 0:0 2>/dev/null) | gzip -9n >"$2"
}

# --- modules -----------------------------------------------------------------------------------

# prepare_modules FILES VERSION: does what installing the kernel would have done. Modules that the
# distribution compressed are unpacked, for busybox does not load them.
prepare_modules() {
  local files=$1 version=$2 busybox
  [[ ! -f $files/lib/modules/$version/modules.dep ]] || return 0
  find "$files/lib/modules" -name '*.ko.xz' -exec xz -d {} +
  find "$files/lib/modules" -name '*.ko.zst' -exec zstd -q -d --rm {} +
  busybox=$(busybox_binary)
  "$busybox" depmod -b "$files" "$version"
}

# copy_modules FILES VERSION TREE MODULE...: copies modules and all that they depend on.
copy_modules() {
  local source=$1/lib/modules/$2 target=$3/lib/modules/$2 version=$2 tree=$3 module line path
  shift 3
  mkdir -p "$target"
  cp "$source"/modules.{builtin,order} "$target/"
  for module in "$@"; do
    # The file may be named with dashes where the module's name has underscores.
    line=$(grep -E "/${module//_/[-_]}\.ko:" "$source/modules.dep") \
      || die "kernel $version has no module $module"
    for path in ${line/:/}; do
      install -D -m 644 "$source/$path" "$target/$path"
    done
  done
  "$(busybox_binary)" depmod -b "$tree" "$version"
}
