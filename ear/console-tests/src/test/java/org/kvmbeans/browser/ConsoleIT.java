package org.kvmbeans.browser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** What an operator does in the console. */
class ConsoleIT {
    @RegisterExtension
    final ConsoleFixture console = new ConsoleFixture();

    @Test
    void refusesAWrongPasswordAndSaysSo() {
        Browser browser = console.browser();
        browser.login("admin", "not-the-password");
        browser.awaitText("#login-error", "wrong");
        browser.fill("#user", "admin");
        browser.fill("#password", TestServer.PASSWORD);
        browser.click("#login-form button");
        browser.awaitText("#user", "admin · kvmbeans-admin");
        assertThat(browser.scriptErrors()).isEmpty();
    }

    @Test
    void returnsAfterTheLoginToThePageThatWasAskedFor() {
        Browser browser = console.browser();
        browser.open("#/define");
        browser.fill("#user", "admin");
        browser.fill("#password", TestServer.PASSWORD);
        browser.click("#login-form button");
        browser.awaitText("h1", "Define a VM");
    }

    @Test
    void definesAVmFromTheFormAndOtherPagesShowItWithoutAReload() throws IOException {
        Browser other = console.browser("viewer");
        Browser browser = console.browser("admin");
        String name = console.vmName();
        browser.click("a[href='#/define']");
        browser.fill("#field-name", name);
        browser.fill("#field-vcpus", "2");
        browser.fill("#field-memory", "16MiB");
        browser.fill("#field-kernel", console.kernel().toString());
        browser.click("#define button[type='submit']");
        browser.awaitText("h1", name);
        browser.awaitText(".state.large", "STOPPED");
        other.awaitText("tr[data-vm='" + name + "']", "STOPPED");

        browser.act(name, "start");
        browser.awaitText(".state.large", "RUNNING");
        other.awaitText("tr[data-vm='" + name + "'] .state", "RUNNING");
        other.awaitText("tr[data-vm='" + name + "'] td:nth-child(4)", "of 16 MiB");
        other.await(
                "CPU in use is shown",
                () -> other.text("tr[data-vm='" + name + "'] td:nth-child(3)").matches(".*\\d %"));
        console.powerOff(browser, name);
        other.awaitText("tr[data-vm='" + name + "'] .state", "STOPPED");
        assertThat(browser.scriptErrors()).isEmpty();
        assertThat(other.scriptErrors()).isEmpty();
    }

    @Test
    void definesAVmFromItsJsonDocument() throws IOException {
        Browser browser = console.browser("admin");
        String name = console.vmName();
        browser.open("#/define");
        browser.click("#as-json");
        browser.fill(
                "#json", "{\"name\":\"" + name + "\",\"memory\":\"16MiB\",\"kernel\":\"" + console.kernel() + "\"}");
        browser.click("#define button[type='submit']");
        browser.awaitText("h1", name);
        browser.act(name, "undefine");
        browser.confirm();
        browser.awaitText("h1", "Virtual machines");
        browser.await(
                name + " is gone",
                () -> browser.text("tr[data-vm='" + name + "']").isEmpty());
    }

    @Test
    void showsWhatTheServerRefusesInItsOwnWords() {
        Browser browser = console.browser("admin");
        String bad = "{\"name\":\"a,b\",\"vcpus\":1000000,\"memory\":\"0\",\"kernel\":\"/nowhere\",\"colour\":1}";
        String body = browser.request("POST", "api/vms", bad).body();
        assertThat(body).contains("vcpus", "memory", "kernel", "colour");
        browser.open("#/define");
        browser.click("#as-json");
        browser.fill("#json", bad);
        browser.click("#define button[type='submit']");
        String said = (String) browser.script("return JSON.parse(arguments[0]).error", body);
        browser.await(
                "the page shows " + said,
                () -> said.equals(browser.driver()
                        .findElement(org.openqa.selenium.By.cssSelector("#define .error-text"))
                        .getDomProperty("textContent")));
    }

    @Test
    void asksBeforeItDestroysAndCancelKeepsTheVmRunning() throws IOException {
        Browser browser = console.browser("operator");
        Browser admin = console.browser("admin");
        String name = console.startEcho(admin);
        browser.open("#/vms/" + name);
        browser.act(name, "powerOff");
        browser.awaitText("dialog", "lost");
        WebElement focused = browser.driver().switchTo().activeElement();
        assertThat(focused.getText()).isEqualTo("Cancel");
        browser.keys(Keys.ESCAPE);
        browser.await("the dialog is gone", () -> browser.text("dialog").isEmpty());
        browser.act(name, "pause");
        browser.awaitText(".state.large", "PAUSED");
        browser.act(name, "resume");
        browser.awaitText(".state.large", "RUNNING");
        console.powerOff(browser, name);
    }

    @Test
    void plotsExitsByReasonAndShowsEveryMBeanWithItsUnits() throws IOException {
        Browser browser = console.browser("admin");
        String name = console.startEcho(browser);
        browser.element("#exit-chart canvas");
        browser.await(
                "a reason has a rate",
                () -> browser.text("#reasons tbody tr td").matches(".*[1-9].*"));
        browser.awaitText("#vcpus tbody", "RUNNING");
        browser.click("#mbeans > summary");
        browser.click("[data-mbean*='type=VirtualMachine'] summary");
        browser.awaitText("[data-mbean*='type=VirtualMachine']", "CpuTimeNanos");
        browser.awaitText("[data-mbean*='type=VirtualMachine']", "nanoseconds");
        browser.click("[data-mbean*='type=Vcpu'] summary");
        browser.awaitText("[data-mbean*='type=Vcpu']", "ExitStatistics");
        console.powerOff(browser, name);
        assertThat(browser.scriptErrors()).isEmpty();
    }

    @Test
    void theKeyboardAloneIsEnough() throws IOException {
        Browser browser = console.browser();
        browser.open("login.html");
        browser.element("#user");
        browser.keys("admin", Keys.TAB, TestServer.PASSWORD, Keys.ENTER);
        browser.element("#vms");
        String name = console.defineEcho(browser);
        browser.element("tr[data-vm='" + name + "']");
        browser.tabTo("tr[data-vm='" + name + "'] a");
        browser.keys(Keys.ENTER);
        browser.awaitText("h1", name);
        browser.tabTo("[data-action='start']");
        browser.keys(Keys.ENTER);
        browser.awaitText(".state.large", "RUNNING");
        browser.awaitTerminal(EchoGuest.GREETING);
        browser.tabTo(".xterm-helper-textarea");
        browser.keys("typed by keyboard");
        browser.awaitTerminal("typed by keyboard");
        browser.chord(Keys.SHIFT, Keys.ESCAPE);
        browser.tabTo("#mbeans > summary");
        browser.driver().navigate().refresh();
        browser.element(".terminal-status[data-link='open']");
        browser.tabTo("[data-action='powerOff']");
        browser.keys(Keys.ENTER);
        browser.awaitText("dialog", "Power off " + name);
        browser.tabTo("dialog button[value='yes']");
        browser.keys(Keys.ENTER);
        browser.awaitText(".state.large", "STOPPED");
    }
}
