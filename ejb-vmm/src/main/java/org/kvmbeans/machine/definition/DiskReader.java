package org.kvmbeans.machine.definition;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.kvmbeans.block.CacheMode;
import org.kvmbeans.block.format.DiskFormat;
import org.kvmbeans.virtio.block.ErrorPolicy;

/** Reads one object of the list {@code disks}. */
final class DiskReader {
    static final String EXAMPLE = "{\"name\":\"vda\",\"path\":\"/var/lib/images/web01.raw\",\"format\":\"raw\"}";

    private static final List<String> KEYS = List.of(
            "name",
            "path",
            "format",
            "readOnly",
            "cache",
            "serial",
            "queues",
            "blockBytes",
            "discard",
            "onError",
            "limits",
            "secret");
    private static final Pattern SERIAL = Pattern.compile("[!-~]{0," + DiskDefinition.MAX_SERIAL_LENGTH + "}");
    private static final int SECTOR_BYTES = 512;
    private static final int PAGE_BYTES = 4096;

    private DiskReader() {}

    static DiskDefinition read(DefinitionObject object, FileRule files) {
        object.refuseKeysOutside(KEYS);
        String name = DevicesReader.name(object);
        boolean readOnly = object.flag("readOnly");
        if (object.value("format") == null) {
            object.missing("format", "give what the image is, for example \"raw\": it is never guessed");
        }
        return new DiskDefinition(
                name,
                path(object, files, readOnly),
                object.choice("format", DiskFormat.RAW),
                readOnly,
                object.choice("cache", CacheMode.WRITEBACK),
                serial(object),
                object.integer("queues", 1, 1, DiskDefinition.MAX_QUEUES),
                blockBytes(object),
                object.flag("discard", true),
                object.choice("onError", ErrorPolicy.REPORT),
                LimitsReader.read(object, "limits"),
                secret(object));
    }

    private static Path path(DefinitionObject object, FileRule files, boolean readOnly) {
        if (object.value("path") == null) {
            object.missing("path", "give the absolute path of the image or block device");
        }
        Path path = AbsolutePath.read(object, "path");
        if (path == null) {
            return Path.of("/");
        }
        String problem = files == FileRule.MUST_BE_THERE ? FileCheck.diskProblem(path, readOnly) : "";
        if (!problem.isEmpty()) {
            object.wrong("path", path.toString(), problem);
        }
        return path;
    }

    private static String serial(DefinitionObject object) {
        String right =
                "give at most " + DiskDefinition.MAX_SERIAL_LENGTH + " printable ASCII characters without blanks";
        String text = object.text("serial", right);
        if (text == null) {
            return "";
        }
        if (!SERIAL.matcher(text).matches()) {
            object.wrong("serial", text, right);
        }
        return text;
    }

    private static String secret(DefinitionObject object) {
        String right =
                "give the name of a secret of this host: 1 to 64 letters, digits, '.', '_' and '-', the first one"
                        + " a letter or digit";
        String name = object.text("secret", right);
        if (name == null || name.isEmpty()) {
            return "";
        }
        if (!DiskDefinition.SECRET_NAME.matcher(name).matches()) {
            object.wrong("secret", name, right);
        }
        return name;
    }

    private static int blockBytes(DefinitionObject object) {
        int bytes = object.integer("blockBytes", SECTOR_BYTES, SECTOR_BYTES, PAGE_BYTES);
        if (bytes != SECTOR_BYTES && bytes != PAGE_BYTES) {
            object.wrong("blockBytes", String.valueOf(bytes), "give " + SECTOR_BYTES + " or " + PAGE_BYTES);
            return SECTOR_BYTES;
        }
        return bytes;
    }
}
