# Adds up the XML reports that Maven's test plugins and JUnit's launcher write.
#
# To be sourced after common.sh.
# shellcheck shell=bash

report_files() { find "$PROJECT_DIR" -path '*/target/*-reports/*' -name 'TEST-*.xml' -not -path '*/node_modules/*'; }

remove_old_reports() { report_files | while IFS= read -r file; do rm -f "$file"; done; }

# shellcheck disable=SC2034 # for those who call this
# count_tests: sets tests_run, tests_failed and tests_skipped.
count_tests() {
  read -r tests_run tests_failed tests_skipped < <(
    report_files | while IFS= read -r file; do
      tr '\n' ' ' <"$file" | grep -o '<testsuite [^>]*>' | head -n 1
    done | awk '
      function attribute(name) { return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3) + 0 : 0 }
      { run += attribute("tests"); failed += attribute("failures") + attribute("errors"); skipped += attribute("skipped") }
      END { print run + 0, failed + 0, skipped + 0 }'
  )
}

# failing_tests: prints one line for each test that failed or was skipped, with the beginning of what it said.
failing_tests() {
  report_files | while IFS= read -r file; do
    awk -v most=300 '
      function said() {
        return match($0, / message="[^"]*/) ? ": " substr($0, RSTART + 10, RLENGTH - 10 > most ? most : RLENGTH - 10) : ""
      }
      /<testcase / {
        match($0, / name="[^"]*"/); name = substr($0, RSTART + 7, RLENGTH - 8)
        match($0, / classname="[^"]*"/); class = substr($0, RSTART + 12, RLENGTH - 13)
      }
      /<(failure|error)[ >\/]/ { print "FAILED: " class "." name said() }
      /<skipped[ >\/]/ { print "SKIPPED: " class "." name said() }' "$file"
  done
}
