# The console's test with a Linux guest: the server and the guest as ./quickstart sets them up, so in
# the lab where this machine has no hardware KVM, and the browser on this machine.
#
# To be sourced after common.sh; needs `step` and `other_failures` of the script that does.
# shellcheck shell=bash

run_console_with_linux() {
  step "The console with a Linux guest"
  local home
  home=$(mktemp -d)
  # What was fetched and built before is used again; state and passwords are this test's own.
  ln -s "$CACHE_DIR" "$home/cache"
  if KVMBEANS_HOME=$home ./quickstart 2>&1 | sed -u 's/^/    /'; then
    type_into_the_shell "$home" || other_failures+=("the console's test with a Linux guest")
  else
    other_failures+=("./quickstart, for the console's test with a Linux guest")
  fi
  KVMBEANS_HOME=$home ./quickstart stop >/dev/null || true
  rm -rf "$home"
}

# A failed test shows in its report, as all tests of Maven do; what fails here is Maven itself.
type_into_the_shell() {
  mvn --batch-mode -q -Dstyle.color=never -pl ear/console-tests failsafe:integration-test \
    -Dit.test=ConsoleLabIT -Dmaven.test.failure.ignore=true \
    -Dkvmbeans.console.url=http://127.0.0.1:9080/console/ -Dkvmbeans.credentials="$1/credentials"
}
