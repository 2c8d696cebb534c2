package org.kvmbeans.browser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A Linux guest's shell in the console. The server runs elsewhere, usually in the lab with its port brought out; system
 * properties tell where: {@value TestServer#URL}, {@value TestServer#CREDENTIALS}, {@code kvmbeans.vm} (default
 * {@code demo}), and {@code kvmbeans.screenshot} for a picture of the page.
 */
class ConsoleLabIT {
    private final URI console = URI.create(required(TestServer.URL));
    private final String vm = System.getProperty("kvmbeans.vm", "demo");

    @Test
    void aPersonTypesIntoTheGuestsShellAndReadsItsAnswer(@TempDir Path folder) throws IOException {
        List<String> first = List.of(Files.readAllLines(Path.of(required(TestServer.CREDENTIALS)))
                .get(0)
                .split(":", 2));
        try (Browser browser = new Browser(console)) {
            try {
                browser.loginToList(first.get(0), first.get(1));
                browser.awaitText("tr[data-vm='" + vm + "'] .state", "RUNNING");
                browser.open("#/vms/" + vm);
                browser.awaitTerminal("");
                browser.typeIntoTerminal("\n");
                browser.awaitTerminal("login:");
                browser.typeIntoTerminal("root\n");
                browser.awaitTerminal("Password:");
                browser.typeIntoTerminal("kvmbeans\n");
                browser.awaitTerminal("#");
                // The answer is not in what is typed: the shell has to work it out.
                browser.typeIntoTerminal("uname -s -m; echo $((6 * 7))-answers\n");
                browser.awaitTerminal("Linux x86_64");
                browser.awaitTerminal("42-answers");
                browser.await(
                        "a reason has a rate",
                        () -> browser.text("#reasons tbody tr td").matches(".*[1-9].*"));
                assertThat(browser.scriptErrors()).isEmpty();
            } finally {
                browser.screenshot(Path.of(System.getProperty(
                        "kvmbeans.screenshot", folder.resolve("console.png").toString())));
            }
        }
    }

    private static String required(String property) {
        String value = System.getProperty(property);
        if (value == null) {
            throw new IllegalStateException(
                    "give -D" + property + "=…: this test needs a server that runs a Linux guest");
        }
        return value;
    }
}
