package org.kvmbeans.block.file;

import java.io.IOException;

/** What servers of network storage need in the lab. Needs root, and what ear/scripts/build-storage-tools made. */
final class LabServers {
    /** Where they keep what they serve: an ext4, for holes and extended attributes. */
    static final String SERVED = "/run/storage/served";

    static final String OTHER_HOST = "kvm2";

    private LabServers() {}

    /** Adds programs and modules to the lab, which stay, and a file system, which goes with {@code undo}. */
    static void prepare(Undo undo) throws IOException {
        Undo.sh("""
                tar -C / -xf "${KVMBEANS_HOME:-/var/lib/kvmbeans}/cache/storage-tools/root.tar" \\
                  --no-same-owner --keep-directory-symlink
                /run/lab/bin/modprobe -a loop ext4 nfsd nfs nfsv4 cifs configfs target_core_mod target_core_iblock \\
                  iscsi_target_mod iscsi_tcp sd_mod dm_multipath dm_service_time scsi_dh_alua
                """);
        undo.sh("""
                mkdir -p /run/storage/served
                truncate -s 256M /run/storage/served.img
                mkfs.ext4 -q -m 0 /run/storage/served.img
                mount -o loop /run/storage/served.img /run/storage/served
                """, "umount /run/storage/served\nrm -r /run/storage");
    }

    /**
     * Mounts what a server has, and once more as another host would: by that name, over a connection of its own.
     *
     * @param share what is mounted; %s stands for the server's address, which is another one for another host
     */
    static void mountTwice(Undo undo, String type, String options, String share) throws IOException {
        mount(undo, "", here(type), type, options, share.formatted("127.0.0.1"));
        String asOther = "unshare --uts sh -c 'echo " + OTHER_HOST + " >/proc/sys/kernel/hostname; exec \"$@\"' sh";
        mount(undo, asOther, elsewhere(type), type, options, share.formatted("127.0.0.2"));
    }

    private static void mount(Undo undo, String launcher, String place, String type, String options, String share)
            throws IOException {
        undo.sh(
                "mkdir -p %s; %s timeout 30 mount -t %s -o %s %s %1$s".formatted(place, launcher, type, options, share),
                "umount " + place);
    }

    static String here(String type) {
        return "/run/storage/here/" + type;
    }

    static String elsewhere(String type) {
        return "/run/storage/elsewhere/" + type;
    }
}
