package org.kvmbeans.ejb;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The users of the server: {@code credentials} in the home, one {@code user:password} a line, the administrator first;
 * {@code roles} beside it, one {@code user:role} a line, for the users after the first. Who has none is a viewer.
 *
 * <p>The files are read again when they change. A file that others can read, or that has a line it should not have, is
 * refused as a whole: nobody is let in until it is mended. Any thread may call. JDK only: the Jolokia agent carries a copy
 * of this class.
 */
public final class Credentials {
    /** Where the users are, in the home. */
    public static final String FILE = "credentials";
    /** Where the roles of all users but the first are, in the home. */
    public static final String ROLES_FILE = "roles";

    private static final Pattern USER = Pattern.compile("[A-Za-z0-9._@-]{1,64}");
    private static final int LONGEST_PASSWORD = 1024;
    private static final long LARGEST_FILE_BYTES = 1 << 20;
    private static final Set<PosixFilePermission> USED_BY_OTHERS = PosixFilePermissions.fromString("---rwxrwx");
    private static final Set<PosixFilePermission> WRITTEN_BY_OTHERS = PosixFilePermissions.fromString("----w--w-");

    private final Path credentialsFile;
    private final Path rolesFile;
    private @Nullable State state;

    private record Account(String passwordDigest, String role) {}

    private record Stamp(Object fileKey, long size, FileTime modified) {}

    private record State(Stamp credentials, Optional<Stamp> roles, Map<String, Account> accounts) {}

    /** The users of this home; nothing is read yet. */
    public Credentials(Path home) {
        credentialsFile = home.resolve(FILE);
        rolesFile = home.resolve(ROLES_FILE);
    }

    /**
     * The role of a user who knows the password; empty for anyone else. How long it takes tells nothing of the password.
     *
     * @throws IOException where the files cannot be used; the message says why and what would be right
     */
    public Optional<String> authenticate(String user, String password) throws IOException {
        Account account = accounts().get(user);
        String expected = account == null ? "" : account.passwordDigest();
        boolean same = MessageDigest.isEqual(
                digest(password).getBytes(StandardCharsets.US_ASCII), expected.getBytes(StandardCharsets.US_ASCII));
        return account != null && same ? Optional.of(account.role()) : Optional.empty();
    }

    private synchronized Map<String, Account> accounts() throws IOException {
        Stamp credentials = stamp(credentialsFile, USED_BY_OTHERS, "0600");
        Optional<Stamp> roles = Files.exists(rolesFile)
                ? Optional.of(stamp(rolesFile, WRITTEN_BY_OTHERS, "0600 or 0644"))
                : Optional.empty();
        State current = state;
        if (current == null || !current.credentials.equals(credentials) || !current.roles.equals(roles)) {
            current = new State(credentials, roles, readAccounts(roles.isEmpty() ? Map.of() : readRoles()));
            state = current;
        }
        return current.accounts;
    }

    /** What tells that a file is another than before; checks on the way who else can use it. */
    private static Stamp stamp(Path file, Set<PosixFilePermission> forbidden, String right) throws IOException {
        if (!Files.exists(file)) {
            throw new IOException(file + " does not exist: write one line user:password for the administrator into it");
        }
        PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
        if (!Collections.disjoint(attributes.permissions(), forbidden)) {
            throw new IOException(file + " can be used by others: make its mode " + right + " (chmod)");
        }
        if (attributes.size() > LARGEST_FILE_BYTES) {
            throw new IOException(file + " is larger than " + LARGEST_FILE_BYTES + " bytes");
        }
        return new Stamp(attributes.fileKey(), attributes.size(), attributes.lastModifiedTime());
    }

    private Map<String, Account> readAccounts(Map<String, String> roles) throws IOException {
        Map<String, Account> accounts = new HashMap<>();
        for (String[] line : readPairs(credentialsFile, "user:password")) {
            String password = line[1];
            if (password.isEmpty() || password.length() > LONGEST_PASSWORD) {
                throw new IOException(credentialsFile + ": the password of " + line[0] + " has " + password.length()
                        + " characters, it needs 1 to " + LONGEST_PASSWORD);
            }
            String role = accounts.isEmpty() ? Roles.ADMIN : roles.getOrDefault(line[0], Roles.VIEWER);
            if (accounts.put(line[0], new Account(digest(password), role)) != null) {
                throw new IOException(credentialsFile + ": user " + line[0] + " is there twice");
            }
        }
        return accounts;
    }

    private Map<String, String> readRoles() throws IOException {
        Map<String, String> roles = new HashMap<>();
        for (String[] line : readPairs(rolesFile, "user:role")) {
            try {
                Roles.withImplied(line[1]);
            } catch (IllegalArgumentException e) {
                throw new IOException(rolesFile + ": user " + line[0] + ": " + e.getMessage(), e);
            }
            if (roles.put(line[0], line[1]) != null) {
                throw new IOException(rolesFile + ": user " + line[0] + " is there twice");
            }
        }
        return roles;
    }

    /** The lines of a file; empty ones and those that start with # are left out. Messages never show a line's content. */
    private static List<String[]> readPairs(Path file, String form) throws IOException {
        List<String[]> pairs = new ArrayList<>();
        int number = 0;
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            int colon = line.indexOf(':');
            if (colon < 0 || !USER.matcher(line.substring(0, colon)).matches()) {
                throw new IOException(file + " line " + number + ": it should be " + form
                        + ", the user 1 to 64 of the characters A-Z a-z 0-9 . _ @ -");
            }
            pairs.add(new String[] {line.substring(0, colon), line.substring(colon + 1)});
        }
        return pairs;
    }

    private static String digest(String password) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(sha256.digest(password.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
