package org.kvmbeans.block;

/**
 * How an image is opened.
 *
 * @param access what for
 * @param cache how the host's page cache is used
 * @param rules which further files it may lead to
 * @param secrets passphrases of encrypted images
 */
public record OpenOptions(Access access, CacheMode cache, ImageRules rules, SecretSource secrets) {
    /** Opens an image that leads nowhere: backing files, data files and encryption are refused. */
    public OpenOptions(Access access, CacheMode cache) {
        this(access, cache, ImageRules.ALONE, SecretSource.NONE);
    }

    /** The same for another access, as backing files are opened to read. */
    public OpenOptions withAccess(Access newAccess) {
        return new OpenOptions(newAccess, cache, rules, secrets);
    }
}
