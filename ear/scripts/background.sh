# The application server in the background: built when needed, started on hardware KVM or in the
# lab, watched, stopped.
#
# To be sourced after common.sh and jolokia.sh.
# shellcheck shell=bash

RUN_DIR=$KVMBEANS_HOME/run
SERVER_LOG=$RUN_DIR/server.log
BUILD_STAMP=$PROJECT_DIR/ear/target/quickstart-sources
BUILD_LOG=$RUN_DIR/build.log

JMX_PORT=8779

# Seconds on a quiet machine, minutes in the lab on one that is busy with other things.
START_SECONDS=900

# --- building ------------------------------------------------------------------------------------

sources_hash() {
  (
    cd "$PROJECT_DIR" || exit
    find pom.xml .mvn mbeans ejb-vmm web-console ear -type f \
      -not -path '*/target/*' -not -path '*/node_modules/*' -not -path 'ear/scripts/*' -not -path 'ear/disk-guest/*' -print0 \
      | sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
  )
}

build_when_changed() {
  local hash
  hash=$(sources_hash)
  [[ ! -f $BUILD_STAMP || $(<"$BUILD_STAMP") != "$hash" ]] || return 0
  step "Building (the first time, Maven fetches what it needs)"
  (cd "$PROJECT_DIR" && mvn --batch-mode --no-transfer-progress -DskipTests -Dspotless.check.skip=true package) \
    2>&1 | tee "$BUILD_LOG" | sed -nu 's/^\[INFO\] Building \(KVM Beans.*\)$/    \1/p' \
    || die "the build failed: $(grep -m 5 '^\[ERROR\]' "$BUILD_LOG" || tail -n 5 "$BUILD_LOG")"$'\n'"The whole of it: $BUILD_LOG"
  warm_server
  say "$hash" >"$BUILD_STAMP"
}

# The first start of a new server fills its caches, which takes far longer on an emulated CPU. Done on
# ports of its own, with a home of its own, so that it meets nobody.
warm_server() {
  ! has_hardware_kvm || return 0
  step "Warming the server's caches"
  local home
  home=$(mktemp -d)
  KVMBEANS_HOME=$home KVMBEANS_HTTP_PORT=19080 KVMBEANS_HTTPS_PORT=19443 KVMBEANS_JOLOKIA_PORT=0 \
    "$SCRIPTS_DIR/server" warm >>"$BUILD_LOG" 2>&1 || warn "that failed, which costs time only; see $BUILD_LOG"
  rm -rf "$home"
}

# --- running -------------------------------------------------------------------------------------

# A process id alone may belong to another process after a restart of the machine.
process_identity() { awk '{sub(/.*\) /, ""); print $20}' "/proc/$1/stat" 2>/dev/null; }

server_pid() {
  local pid identity
  [[ -f $RUN_DIR/server.pid ]] || return 1
  read -r pid identity <"$RUN_DIR/server.pid" || return 1
  [[ -n $identity && $(process_identity "$pid") == "$identity" ]] || return 1
  say "$pid"
}

server_is_running() { server_pid >/dev/null; }

server_place() {
  case $(cat "$RUN_DIR/server.place" 2>/dev/null) in
    lab) say "in the lab: this machine has no hardware KVM that it could use" ;;
    *) say "on this machine's KVM" ;;
  esac
}

started_here=false

start_server() {
  if server_is_running; then
    step "The server is running already"
  else
    refuse_taken_ports
    trap abandon_server EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    launch_server
  fi
  wait_until server_stage "$START_SECONDS" 1 jolokia_is_up \
    || die "the server did not start; the end of $SERVER_LOG:"$'\n'"$(tail -n 20 "$SERVER_LOG")"
}

launch_server() {
  local place=host command=("$SCRIPTS_DIR/server" run)
  if has_hardware_kvm; then
    step "Starting the server on this machine's KVM"
  else
    place=lab
    step "Starting the server in the lab: an emulated machine with KVM, for this one has none to use"
    write_jmx_users
    command=(
      "$PROJECT_DIR/lab" --timeout 0 --writable "$KVMBEANS_HOME" --env "KVMBEANS_JVM_OPTS=$(lab_jvm_options)"
      --forward 9080:9080 --forward 9443:9443 --forward 8778:8778 --forward "$JMX_PORT:$JMX_PORT"
      -- "${command[@]}"
    )
  fi
  say "$place" >"$RUN_DIR/server.place"
  # A session of its own: what ends this script, such as Ctrl-C, must not reach a server that is kept.
  setsid "${command[@]}" </dev/null >"$SERVER_LOG" 2>&1 9>&- &
  started_here=true
  say "$! $(process_identity $!)" >"$RUN_DIR/server.pid"
}

# On an emulated CPU the optimizing compiler costs more than it gains. JConsole cannot attach to a
# process of another machine, so there it gets a port, with the same users.
lab_jvm_options() {
  local jmx=-Dcom.sun.management.jmxremote
  say "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC" \
    "-Djava.rmi.server.hostname=127.0.0.1 $jmx.host=127.0.0.1 $jmx.port=$JMX_PORT $jmx.rmi.port=$JMX_PORT" \
    "$jmx.ssl=false $jmx.password.file=$RUN_DIR/jmx.password $jmx.access.file=$RUN_DIR/jmx.access"
}

# The administrator may do everything over JMX, others look.
write_jmx_users() {
  (
    umask 077
    tr ':' ' ' <"$CREDENTIALS_FILE" >"$RUN_DIR/jmx.password"
    awk -F: '{print $1, NR == 1 ? "readwrite" : "readonly"}' "$CREDENTIALS_FILE" >"$RUN_DIR/jmx.access"
  )
}

jconsole_line() {
  if [[ $(<"$RUN_DIR/server.place") == lab ]]; then
    say "jconsole 127.0.0.1:$JMX_PORT"
  else
    say "jconsole $(server_pid)"
  fi
}

refuse_taken_ports() {
  local port
  for port in 9080 9443 8778 "$JMX_PORT"; do
    ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null \
      || die "port $port of 127.0.0.1 is taken by another program; end that and start again"
  done
}

# The server outlives this script only when all went well.
keep_server() { started_here=false; }

# shellcheck disable=SC2317 # called by a trap
abandon_server() {
  if "$started_here"; then
    warn "stopping the server that was started"
    stop_server
  fi
}

# stop_server: asks first, and insists after a while.
stop_server() {
  trap '' INT TERM
  local pid deadline=$((SECONDS + 45))
  if pid=$(server_pid); then
    kill -TERM "$pid" 2>/dev/null || true
    while server_is_running && ((SECONDS < deadline)); do sleep 0.2; done
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$RUN_DIR/server.pid" "$RUN_DIR/server.place"
}

# --- waiting -------------------------------------------------------------------------------------

# How far the server has come, by the last of the messages that mark a stage.
server_stage() {
  case $(grep -oE 'CWWKE0001I|CWWKE0002I|CWWKF0007I|CWWKZ0018I|CWWKZ0001I' "$SERVER_LOG" | tail -n 1) in
    CWWKE0001I) say "the server's kernel starts" ;;
    CWWKE0002I | CWWKF0007I) say "the server loads its features" ;;
    CWWKZ0018I) say "the application starts" ;;
    CWWKZ0001I) say "waiting for the first answer" ;;
    *) if [[ -s $SERVER_LOG ]]; then say "Java starts"; else say "the machine boots"; fi ;;
  esac
}

# wait_until STAGE SECONDS PAUSE CONDITION...: looks again after every PAUSE; tells every ten seconds
# what STAGE, a function, says; ends at once with the server.
wait_until() {
  local stage=$1 limit=$2 pause=$3 started=$SECONDS told=0 waited
  shift 3
  until "$@"; do
    waited=$((SECONDS - started))
    if ((waited >= limit)) || ! server_is_running; then return 1; fi
    if ((waited >= told + 10)); then
      told=$waited
      printf '    %3d s: %s\n' "$waited" "$("$stage")"
    fi
    sleep "$pause"
  done
}
