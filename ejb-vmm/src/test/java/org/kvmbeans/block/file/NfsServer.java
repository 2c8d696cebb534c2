package org.kvmbeans.block.file;

import java.io.IOException;

/** The lab's NFS server with one export, mounted as docs/storage.md says. */
final class NfsServer implements NetworkServer {
    private final Undo undo = new Undo();

    NfsServer() throws IOException {
        undo.orClose(() -> {
            undo.sh("""
                    mkdir -p /run/storage/served/nfs /var/lib/nfs/{rpc_pipefs,v4recovery}
                    touch /etc/exports /var/lib/nfs/{etab,rmtab,state}
                    mount -t nfsd nfsd /proc/fs/nfsd
                    echo 10 >/proc/fs/nfsd/nfsv4leasetime
                    echo 10 >/proc/fs/nfsd/nfsv4gracetime
                    exportfs -o rw,sync,no_root_squash,no_subtree_check,fsid=0 127.0.0.0/8:/run/storage/served/nfs
                    rpc.mountd --no-nfs-version 3
                    """, "pkill -x rpc.mountd\nexportfs -au\numount /proc/fs/nfsd");
            start();
            undo.later("rpc.nfsd 0");
            LabServers.mountTwice(undo, "nfs", "vers=4.2,hard,timeo=100,retrans=2,noatime,nosharecache", "%s:/");
        });
    }

    @Override
    public void stop() throws IOException {
        Undo.sh("rpc.nfsd 0");
    }

    @Override
    public void start() throws IOException {
        Undo.sh("rpc.nfsd --no-nfs-version 3 4");
    }

    @Override
    public void close() throws IOException {
        undo.close();
    }
}
