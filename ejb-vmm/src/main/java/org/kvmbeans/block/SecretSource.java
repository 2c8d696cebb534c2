package org.kvmbeans.block;

/** Where the passphrases of encrypted images come from. */
@FunctionalInterface
public interface SecretSource {
    /** Has none. */
    SecretSource NONE = image -> {
        throw new DiskImageException(
                DiskImageException.Kind.DENIED, image, "it is encrypted; name the secret that holds its passphrase");
    };

    /**
     * The passphrase of an image.
     *
     * @param image the image's path
     * @return bytes that the caller overwrites when he has used them
     * @throws DiskImageException DENIED where there is none
     */
    byte[] passphrase(String image) throws DiskImageException;
}
