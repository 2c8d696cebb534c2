package org.kvmbeans.browser;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Gives each test the server and browsers of its own, and keeps a picture of each browser where the test failed. */
final class ConsoleFixture implements BeforeEachCallback, AfterEachCallback {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private final List<Browser> browsers = new ArrayList<>();
    private @Nullable TestServer server;

    @Override
    public void beforeEach(ExtensionContext context) {
        server = TestServer.shared(context);
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        for (Browser browser : browsers) {
            try (browser) {
                if (context.getExecutionException().isPresent()) {
                    browser.screenshot(Path.of(
                            "target/screenshots",
                            context.getRequiredTestMethod().getName() + browsers.indexOf(browser) + ".png"));
                }
            }
        }
        browsers.clear();
    }

    TestServer server() {
        return Objects.requireNonNull(server);
    }

    Browser browser() {
        Browser browser = new Browser(server().console());
        browsers.add(browser);
        return browser;
    }

    /** A browser on the list, logged in. */
    Browser browser(String user) {
        Browser browser = browser();
        browser.loginToList(user, TestServer.PASSWORD);
        return browser;
    }

    /** A name that no other test uses. */
    String vmName() {
        return "vm-" + ProcessHandle.current().pid() + "-" + NUMBER.incrementAndGet();
    }

    /** Defines a VM that runs {@link EchoGuest}, as the browser's user. */
    String defineEcho(Browser browser) throws IOException {
        String name = vmName();
        String definition =
                "{\"name\":\"%s\",\"vcpus\":1,\"memory\":\"16MiB\",\"kernel\":\"%s\"}".formatted(name, kernel());
        Browser.Answer answer = browser.request("POST", "api/vms", definition);
        if (answer.status() != 201) {
            throw new AssertionError("defining " + name + " was answered " + answer);
        }
        return name;
    }

    /** Path of the {@link EchoGuest}. */
    Path kernel() throws IOException {
        Path folder = server().work();
        Path kernel = folder.resolve("echo-guest.elf");
        return Files.exists(kernel) ? kernel : EchoGuest.write(folder);
    }

    /** Defines and starts a VM, and opens its page. */
    String startEcho(Browser browser) throws IOException {
        String name = defineEcho(browser);
        browser.open("#/vms/" + name);
        browser.act(name, "start");
        browser.awaitText(".state.large", "RUNNING");
        return name;
    }

    /** Powers a VM off, so that its guest does not keep a CPU of the machine busy. */
    void powerOff(Browser browser, String name) {
        browser.open("#/vms/" + name);
        browser.act(name, "powerOff");
        browser.confirm();
        browser.awaitText(".state.large", "STOPPED");
    }
}
