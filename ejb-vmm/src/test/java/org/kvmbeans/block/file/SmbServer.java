package org.kvmbeans.block.file;

import java.io.IOException;

/** The lab's SMB server with one share, mounted as docs/storage.md says. */
final class SmbServer implements NetworkServer {
    private static final String STOP = "pkill -x smbd; while pgrep -x smbd >/dev/null; do sleep 0.1; done";

    private final Undo undo = new Undo();

    SmbServer() throws IOException {
        undo.orClose(() -> {
            undo.sh("""
                    mkdir -p /run/storage/served/smb /run/samba
                    printf '%s\\n' '[global]' 'server role = standalone server' 'interfaces = 127.0.0.1' \\
                      'bind interfaces only = yes' 'disable netbios = yes' 'smb ports = 445' \\
                      '[vms]' 'path = /run/storage/served/smb' 'read only = no' >/etc/samba/smb.conf
                    useradd --no-create-home --shell /usr/sbin/nologin vmhost
                    chown vmhost /run/storage/served/smb
                    printf 'secret\\nsecret\\n' | smbpasswd -s -a vmhost
                    install -m 600 /dev/null /run/storage/smb.credentials
                    printf 'username=vmhost\\npassword=secret\\n' >/run/storage/smb.credentials
                    """, "userdel vmhost");
            start();
            undo.later(STOP);
            LabServers.mountTwice(
                    undo,
                    "cifs",
                    "vers=3.1.1,credentials=/run/storage/smb.credentials,hard,echo_interval=10,nosharesock",
                    "//127.0.0.1/vms");
        });
    }

    @Override
    public void stop() throws IOException {
        Undo.sh(STOP);
    }

    @Override
    public void start() throws IOException {
        Undo.sh("smbd -D; for i in {1..100}; do ! ss -ltn | grep -q 127.0.0.1:445 || exit 0; sleep 0.1; done; exit 1");
    }

    @Override
    public void close() throws IOException {
        undo.close();
    }
}
