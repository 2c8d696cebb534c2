# Requests to the Jolokia agent of a running server, as the administrator.
#
# To be sourced after common.sh.
# shellcheck shell=bash

JOLOKIA_URL=http://127.0.0.1:8778/jolokia
CREDENTIALS_FILE=$KVMBEANS_HOME/credentials

administrator() { head -n 1 "$CREDENTIALS_FILE"; }

# jolokia JSON: sends one request and prints the answer. The password goes through a descriptor:
# every user of the machine can read a command line.
jolokia() {
  curl --silent --show-error --max-time 60 --config <(printf 'user = "%s"\n' "$(administrator)") \
    --header 'Content-Type: application/json' --data "$1" "$JOLOKIA_URL"
}

jolokia_is_up() {
  [[ -f $CREDENTIALS_FILE ]] \
    && jolokia '{"type":"read","mbean":"org.kvmbeans:type=Host","attribute":"KvmFlavor"}' 2>/dev/null \
    | jq --exit-status '.status == 200' >/dev/null 2>&1
}

# jolokia_value JSON: prints the value of the answer as text, or ends with what the server said.
jolokia_value() {
  local answer
  answer=$(jolokia "$1") || die "no answer from $JOLOKIA_URL"
  if ! jq --exit-status '.status == 200' >/dev/null 2>&1 <<<"$answer"; then
    die "the server refused: $(jq --raw-output '.error // .' <<<"$answer" 2>/dev/null || say "$answer")"
  fi
  jq --raw-output '.value' <<<"$answer"
}

# vm_read NAME ATTRIBUTE
vm_read() {
  jolokia_value "$(jq --null-input --compact-output --arg mbean "org.kvmbeans:type=VirtualMachine,vm=$1" \
    --arg attribute "$2" '{type: "read", $mbean, $attribute}')"
}

# vm_execute NAME OPERATION
vm_execute() {
  jolokia_value "$(jq --null-input --compact-output --arg mbean "org.kvmbeans:type=VirtualMachine,vm=$1" \
    --arg operation "$2" '{type: "exec", $mbean, $operation}')"
}

# host_define JSON: defines a VM and prints its ObjectName.
host_define() {
  jolokia_value "$(jq --null-input --compact-output --arg definition "$1" \
    '{type: "exec", mbean: "org.kvmbeans:type=Host", operation: "defineVm", arguments: [$definition]}')"
}

# vm_names: the names of all VMs, one a line.
vm_names() {
  jolokia_value '{"type":"search","mbean":"org.kvmbeans:type=VirtualMachine,vm=*"}' \
    | jq --raw-output '.[]' | sed 's/.*[:,]vm=\([^,]*\).*/\1/' | sort
}

# serial_tail NAME BYTES: the last output of the VM's serial port.
serial_tail() {
  jolokia_value "$(jq --null-input --compact-output --arg mbean "org.kvmbeans:type=SerialPort,vm=$1,name=com1" \
    --argjson bytes "$2" '{type: "exec", $mbean, operation: "tail", arguments: [$bytes]}')"
}
