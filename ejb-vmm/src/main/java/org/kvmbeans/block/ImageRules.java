package org.kvmbeans.block;

import java.nio.file.Path;

/**
 * Which files the contents of an image may lead to. An image may come from anywhere; the path of a backing file or data file
 * in it must not let its author read or write what he likes.
 */
@FunctionalInterface
public interface ImageRules {
    /** The longest chain that is opened, its first image counted. */
    int MAX_CHAIN = 256;

    /** Nothing but the image itself. */
    ImageRules ALONE = (image, reference) -> {
        throw new DiskImageException(
                DiskImageException.Kind.DENIED,
                image,
                "it leads to " + reference + ", and no further file may be opened for it here");
    };

    /** Whatever this process may open: for tools that an administrator runs on files of his own. */
    ImageRules ANY = (image, reference) -> reference.startsWith("nbd") && reference.contains("://")
            ? reference
            : Path.of(image)
                    .toAbsolutePath()
                    .resolveSibling(reference)
                    .normalize()
                    .toString();

    /**
     * Says which file a reference means.
     *
     * @param image the path of the image that has the reference
     * @param reference as it is written there: absolute, or relative to the image's own directory
     * @return the absolute path to open
     * @throws DiskImageException DENIED, naming the reference and what would be right
     */
    String resolve(String image, String reference) throws DiskImageException;
}
