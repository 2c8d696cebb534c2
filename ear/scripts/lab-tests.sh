# Runs test classes that are built already inside the lab, by JUnit's own launcher: Maven would take
# longer to start there than the tests to run.
#
# To be sourced after common.sh; needs `step` and `other_failures` of the script that does.
# shellcheck shell=bash

readonly LAUNCHER_ARTIFACT=org.junit.platform:junit-platform-console-standalone
readonly LAB_TEST_SECONDS=2400
# Disks with the content of the disk guest that the lab has: /dev/vda and on, one for each guest of the tests.
readonly GUEST_DISKS=10

# The disk guest once more, as a compressed image: the lowest one of a test's chain.
prepare_compressed_disk() {
  local raw=$CACHE_DIR/disk-guest/disk.raw image=$CACHE_DIR/disk-guest/disk.qcow2
  if [[ ! -f $image || $raw -nt $image ]]; then
    qemu-img convert -f raw -O qcow2 -c -o compression_type=zstd "$raw" "$image.new"
    mv -- "$image.new" "$image"
  fi
}

# run_lab_tests SUFFIX: runs all classes whose names end so, of every module that has some.
run_lab_tests() {
  local suffix=$1 module modules
  prepare_compressed_disk || other_failures+=("the compressed disk of the lab's tests")
  # A browser inside the lab would be too slow: console-linux.sh runs those tests from outside.
  mapfile -t modules < <(find . -path '*/target/test-classes/*' -name "*$suffix.class" \
    -not -path './ear/console-tests/*' \
    | sed 's|^\./\(.*\)/target/test-classes/.*|\1|' | sort -u)
  for module in ${modules[@]+"${modules[@]}"}; do
    step "In the lab: *$suffix of $module"
    run_module_in_lab "$suffix" "$module"
  done
}

run_module_in_lab() {
  local suffix=$1 module=$2 reports=$PROJECT_DIR/$2/target/lab-reports/$1 status=0 classpath
  mkdir -p "$reports"
  # Maven does not list the module's own classes.
  classpath=target/test-classes:target/classes:$(<"$module/target/test-classpath")
  launch_in_lab "$suffix" "$module" "$classpath" "$reports" || status=$?
  # 1 tells of failed tests, which the reports tell too; anything else ended before it could.
  if ((status > 1)) || [[ ! -s $reports/TEST-junit-jupiter.xml ]]; then
    other_failures+=("*$suffix of $module: the lab ended with $status")
  fi
}

# launch_in_lab SUFFIX MODULE CLASSPATH REPORTS: in the module's directory, where Maven runs tests too.
launch_in_lab() {
  local jar index disks=()
  jar=$(launcher_jar)
  # What a test writes to its guest's root is gone with the lab.
  for ((index = 0; index < GUEST_DISKS; index++)); do
    disks+=(--disk "$CACHE_DIR/disk-guest/disk.raw")
  done
  (
    cd "$2" || exit
    # One CPU: QEMU's emulation of SVM loses guests of several vCPUs now and then when it runs on several threads, its
    # own guests as well as ours (docs/benchmarks).
    "$PROJECT_DIR/lab" --cpus 1 --timeout "$LAB_TEST_SECONDS" --writable "$4" "${disks[@]}" -- \
      java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -jar "$jar" execute \
      --class-path "$3" --scan-class-path target/test-classes --include-classname ".*$1" \
      --reports-dir "$4" --disable-banner --details=tree --disable-ansi-colors 2>&1 | sed -u 's/^/    /'
  )
}

launcher_jar() {
  local version jar
  version=$(sed -n 's|.*<junit.version>5\.\(.*\)</junit.version>.*|1.\1|p' pom.xml)
  jar=$CACHE_DIR/junit/junit-platform-console-standalone-$version.jar
  if [[ ! -f $jar ]]; then
    mvn --batch-mode -q dependency:copy -Dartifact="$LAUNCHER_ARTIFACT:$version" \
      -DoutputDirectory="$CACHE_DIR/junit" --non-recursive >&2
  fi
  say "$jar"
}
