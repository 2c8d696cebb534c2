package org.kvmbeans.export.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.kvmbeans.block.BackingReference;
import org.kvmbeans.block.ImageRules;
import org.kvmbeans.block.crypto.LuksArea;
import org.kvmbeans.block.crypto.LuksVolume;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.block.qcow2.BitmapDirectory;
import org.kvmbeans.block.qcow2.BitmapDirectoryPointer;
import org.kvmbeans.block.qcow2.BitmapEntry;
import org.kvmbeans.block.qcow2.CryptMethod;
import org.kvmbeans.block.qcow2.EncryptionHeader;
import org.kvmbeans.block.qcow2.Feature;
import org.kvmbeans.block.qcow2.Qcow2Header;
import org.kvmbeans.block.qcow2.Qcow2HeaderFile;
import org.kvmbeans.block.qcow2.Snapshot;
import org.kvmbeans.block.qcow2.SnapshotTable;
import org.kvmbeans.mbeans.DirtyBitmap;
import org.kvmbeans.mbeans.ImageEncryption;
import org.kvmbeans.mbeans.ImageLayer;
import org.kvmbeans.mbeans.ImageSnapshot;
import org.kvmbeans.sys.Posix;

/** Reads the header, snapshots and bitmaps of a qcow2 image, and follows its chain. Made for one image. */
final class Qcow2Inspection {
    private final Posix posix;
    private final ImageRules rules;
    /** The files that were looked at. */
    private final Map<Path, FileFacts> files;

    private final List<ImageLayer> chain = new ArrayList<>();
    private final Set<String> seen = new HashSet<>();

    Qcow2Inspection(Posix posix, ImageRules rules, Map<Path, FileFacts> files) {
        this.posix = posix;
        this.rules = rules;
        this.files = files;
    }

    ImageFacts inspect(Path image) {
        try (UnlockedFile file = UnlockedFile.open(posix, image.toString())) {
            Qcow2Header header = Qcow2HeaderFile.open(posix, file).header();
            List<ImageSnapshot> snapshots = snapshots(file, header);
            List<DirtyBitmap> bitmaps = bitmaps(file, header);
            String problem = followChain(image.toString(), header);
            return new ImageFacts(
                    header.sizeBytes(),
                    header.layout().clusterBytes(),
                    chain,
                    snapshots,
                    bitmaps,
                    encryption(header.crypt()),
                    keySlots(file, header),
                    header.has(Feature.DIRTY),
                    header.has(Feature.CORRUPT),
                    problem,
                    files);
        } catch (IOException e) {
            return ImageFacts.unreadable(String.valueOf(e.getMessage()), files);
        }
    }

    private static ImageEncryption encryption(CryptMethod crypt) {
        return switch (crypt) {
            case NONE -> ImageEncryption.NONE;
            case AES -> ImageEncryption.AES;
            case LUKS -> ImageEncryption.LUKS;
        };
    }

    private List<Integer> keySlots(UnlockedFile file, Qcow2Header header) throws IOException {
        EncryptionHeader encryption = header.extensions().encryption();
        return header.crypt() != CryptMethod.LUKS || encryption == null
                ? List.of()
                : LuksVolume.readHeader(new LuksArea(posix, file, encryption.offset(), encryption.bytes()))
                        .usedSlots();
    }

    private List<ImageSnapshot> snapshots(UnlockedFile file, Qcow2Header header) throws IOException {
        List<ImageSnapshot> found = new ArrayList<>();
        for (Snapshot snapshot : SnapshotTable.read(posix, file, header).snapshots()) {
            long millis = TimeUnit.SECONDS.toMillis(snapshot.takenSeconds())
                    + TimeUnit.NANOSECONDS.toMillis(Integer.toUnsignedLong(snapshot.takenNanos()));
            found.add(new ImageSnapshot(
                    snapshot.id().text(),
                    snapshot.name().text(),
                    millis,
                    snapshot.diskBytes(header.sizeBytes()),
                    snapshot.vmStateBytes()));
        }
        return found;
    }

    private List<DirtyBitmap> bitmaps(UnlockedFile file, Qcow2Header header) throws IOException {
        BitmapDirectoryPointer directory = header.consistentBitmaps();
        if (directory == null) {
            return List.of();
        }
        List<DirtyBitmap> found = new ArrayList<>();
        for (BitmapEntry bitmap : BitmapDirectory.read(posix, file, header.layout(), directory)) {
            found.add(new DirtyBitmap(
                    bitmap.name().text(),
                    1L << bitmap.granularityBits(),
                    bitmap.has(BitmapEntry.AUTO),
                    bitmap.has(BitmapEntry.IN_USE)));
        }
        return found;
    }

    /** Adds the layers below; what is wrong on the way, in words, or empty. */
    private String followChain(String top, Qcow2Header topHeader) {
        String path = top;
        Qcow2Header header = topHeader;
        while (true) {
            addLayer(path, header);
            BackingReference reference = header.backingReference();
            if (reference == null) {
                return "";
            }
            String below = reference.path();
            try {
                below = rules.resolve(path, reference.path());
                Qcow2Header next = below(path, below, reference.format());
                if (next == null) {
                    return "";
                }
                path = below;
                header = next;
            } catch (IOException e) {
                String problem = String.valueOf(e.getMessage());
                chain.add(new ImageLayer(chain.size(), below, reference.format(), 0, 0, problem));
                return problem;
            }
        }
    }

    private void addLayer(String path, Qcow2Header header) {
        FileFacts file = files.get(Path.of(path));
        long allocated = file == null ? 0 : Math.max(0, file.allocatedBytes());
        chain.add(new ImageLayer(chain.size(), path, DiskFormat.QCOW2.text(), header.sizeBytes(), allocated, ""));
        seen.add(path);
    }

    /** The header of a backing file; null where that is a raw image, which is added to the chain and ends it. */
    private @Nullable Qcow2Header below(String image, String path, String format) throws IOException {
        if (chain.size() >= ImageRules.MAX_CHAIN) {
            throw new IOException("the chain is longer than " + ImageRules.MAX_CHAIN + " images");
        }
        if (seen.contains(path)) {
            throw new IOException(path + " lies over " + image + " itself");
        }
        FileFacts file = FileFacts.of(posix, Path.of(path));
        files.put(Path.of(path), file);
        if (format.equals(DiskFormat.RAW.text())) {
            chain.add(ImageInspector.rawLayer(chain.size(), path, file));
            return null;
        }
        if (!format.equals(DiskFormat.QCOW2.text())) {
            throw new IOException(image + " says that its backing file " + path + " has the format \"" + format
                    + "\"; it has to be raw or qcow2, for formats are not guessed");
        }
        try (UnlockedFile storage = UnlockedFile.open(posix, path)) {
            return Qcow2HeaderFile.open(posix, storage).header();
        }
    }
}
