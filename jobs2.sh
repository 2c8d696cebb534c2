(sha256sum < <(timeout 100 socat -u TCP-LISTEN:7001,bind=127.0.0.1,reuseaddr -)) &
WORDS="kvmbeans.job=net-send,10.0.2.2,7001,50000000" timeout 170 ./boot.sh d.raw </dev/null 2>&1 | grep -a kvmbeans-
wait %1
