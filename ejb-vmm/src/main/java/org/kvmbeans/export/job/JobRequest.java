package org.kvmbeans.export.job;

import java.nio.file.Path;
import java.util.Set;
import javax.management.ObjectName;
import org.kvmbeans.mbeans.JobKind;

/**
 * What a job is asked to do.
 *
 * @param kind what it does
 * @param owner whose it is
 * @param subject what it works on, in words: {@code POOL/FILE} or {@code VM/DISK}
 * @param target the MBean of that
 * @param writes the files that it alone may use
 * @param reads the files that it reads, as other jobs may meanwhile
 */
public record JobRequest(
        JobKind kind, Owner owner, String subject, ObjectName target, Set<Path> writes, Set<Path> reads) {

    /** Whose a job is: a pool's or a VM's. It decides the job's ObjectName. */
    public record Owner(Type type, String name) {
        /** What owns it. */
        public enum Type {
            POOL,
            VM
        }

        /** A pool. */
        public static Owner pool(String name) {
            return new Owner(Type.POOL, name);
        }

        /** A VM. */
        public static Owner vm(String name) {
            return new Owner(Type.VM, name);
        }
    }
}
