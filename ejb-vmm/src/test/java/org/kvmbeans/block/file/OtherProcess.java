package org.kvmbeans.block.file;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process that is spoken to by lines; ends when this is closed. */
final class OtherProcess implements AutoCloseable {
    private static final long END_SECONDS = 20;

    private final Process process;
    private final Writer input;
    private final BufferedReader output;

    private OtherProcess(Process process) {
        this.process = process;
        input = process.outputWriter();
        output = process.inputReader();
    }

    static OtherProcess start(List<String> command) throws IOException {
        return new OtherProcess(
                new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    private static final String LOCK = """
            import fcntl, os, struct, sys
            f = open(sys.argv[1], 'r+')
            try:
                fcntl.fcntl(f, 37, struct.pack('hhqqi4x', 1, 0, 0, 0, 0))
                if len(sys.argv) > 2:
                    note = 'writer %d 1795578797 python3 %s' % (os.getpid(), os.uname().nodename)
                    os.setxattr(f.fileno(), 'user.kvmbeans.holder', note.encode())
                print('locked', flush=True)
            except OSError as e:
                print('refused', flush=True)
            sys.stdin.read()
            """;

    /** One that has an exclusive lock of an open file description on all of a file. */
    static OtherProcess locking(Path file) throws IOException {
        return start(List.of("python3", "-c", LOCK, file.toString())).locked();
    }

    /** The same on another host, as far as names go, which also notes itself on the file. */
    static OtherProcess lockingAsHost(String host, Path file) throws IOException {
        String script = "echo " + host + " >/proc/sys/kernel/hostname; exec python3 -c \"$@\"";
        return start(List.of("unshare", "--uts", "sh", "-c", script, "sh", LOCK, file.toString(), "note"))
                .locked();
    }

    /** One that says {@code locked} or {@code refused}. */
    static OtherProcess tryingToLock(Path file) throws IOException {
        return start(List.of("python3", "-c", LOCK, file.toString()));
    }

    /** The next line that the process says, after it was told one; empty where it has ended. */
    String ask(String line) throws IOException {
        try {
            input.write(line + "\n");
            input.flush();
        } catch (IOException e) {
            // It has ended already; its output says why.
        }
        return line();
    }

    /** The next line that the process says; empty where it has ended. */
    String line() throws IOException {
        String answer = output.readLine();
        return answer == null ? "" : answer;
    }

    private OtherProcess locked() throws IOException {
        String answer = line();
        if (!answer.equals("locked")) {
            close();
            throw new IOException("it said \"" + answer + "\", not \"locked\"");
        }
        return this;
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
