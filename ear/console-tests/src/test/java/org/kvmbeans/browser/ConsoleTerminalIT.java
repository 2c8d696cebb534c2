package org.kvmbeans.browser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The serial console. */
class ConsoleTerminalIT {
    @RegisterExtension
    final ConsoleFixture console = new ConsoleFixture();

    @Test
    void theGuestGetsWhatIsTypedAndALateJoinerSeesTheRecentOutput() throws IOException {
        Browser browser = console.browser("admin");
        String name = console.startEcho(browser);
        browser.awaitTerminal(EchoGuest.GREETING);
        browser.typeIntoTerminal("hello from the browser");
        browser.awaitTerminal("hello from the browser");

        Browser late = console.browser("viewer");
        late.open("#/vms/" + name);
        late.awaitTerminal("hello from the browser");
        assertThat(late.text(".terminal-status")).contains("read only");
        late.click(".screen");
        late.keys("not mine to type");

        browser.typeIntoTerminal(" and more");
        late.awaitTerminal("and more");
        browser.awaitTerminal("and more");
        assertThat(browser.text(".xterm-rows")).doesNotContain("not mine");
        console.powerOff(browser, name);
        assertThat(browser.scriptErrors()).isEmpty();
        assertThat(late.scriptErrors()).isEmpty();
    }

    @Test
    void aLongPasteArrivesWholeAndInOrder() throws IOException {
        Browser browser = console.browser("operator");
        Browser admin = console.browser("admin");
        String name = console.defineEcho(admin);
        browser.open("#/vms/" + name);
        browser.act(name, "start");
        browser.awaitTerminal(EchoGuest.GREETING);
        String pasted = "0123456789abcdef".repeat(500) + "end";
        browser.script(
                "const data = new DataTransfer(); data.setData('text/plain', arguments[0]);"
                        + "document.querySelector('.xterm-helper-textarea').dispatchEvent(new ClipboardEvent('paste',"
                        + " {clipboardData: data, bubbles: true, cancelable: true}));",
                pasted);
        browser.await("all of it came back", () -> received(browser, name) >= pasted.length());
        browser.awaitText(".xterm-rows", "abcdefend");
        assertThat(received(browser, name)).isEqualTo(pasted.length());
        console.powerOff(browser, name);
    }

    @Test
    void theTerminalStaysThroughARestartOfTheGuest() throws IOException {
        Browser browser = console.browser("admin");
        String name = console.startEcho(browser);
        browser.awaitTerminal(EchoGuest.GREETING);
        browser.typeIntoTerminal("first life");
        browser.awaitTerminal("first life");
        browser.act(name, "reset");
        browser.confirm();
        browser.await(
                "the guest greets again", () -> browser.text(".xterm-rows").split(EchoGuest.GREETING, -1).length == 3);
        browser.typeIntoTerminal("second life");
        browser.awaitTerminal("second life");
        console.powerOff(browser, name);
    }

    @Test
    void typingIntoAStoppedVmIsRefusedInTheServersWords() throws IOException {
        Browser browser = console.browser("admin");
        String name = console.defineEcho(browser);
        browser.open("#/vms/" + name);
        browser.typeIntoTerminal("x");
        browser.awaitText(".terminal-trouble", "STOPPED");
    }

    @Test
    void theTerminalEndsWithTheSession() throws IOException {
        Browser browser = console.browser("admin");
        String name = console.defineEcho(browser);
        browser.open("#/vms/" + name);
        browser.element(".terminal-status[data-link='open']");
        browser.script(
                "window.ended = null; fetch('api/session').then((r) => r.json()).then((s) => fetch('api/logout',"
                        + " {method: 'POST', body: '{}', headers: {'Content-Type': 'application/json', 'X-CSRF-Token': s.csrfToken}}))");
        browser.element("#login-form");
    }

    /** Bytes that the guest has sent, less its greeting. */
    private static long received(Browser browser, String name) {
        String body =
                browser.request("GET", "api/vms/" + name + "/mbeans", null).body();
        Object bytes = browser.script(
                "return Number(JSON.parse(arguments[0]).mbeans.find((b) => b.type === 'SerialPort')"
                        + ".attributes.find((a) => a.name === 'BytesTransmitted').value)",
                body);
        return ((Number) bytes).longValue() - EchoGuest.GREETING.length() - 2;
    }
}
