package org.kvmbeans.browser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.openqa.selenium.Keys;

/** The devices of a VM in the console. */
class ConsoleDevicesIT {
    private static final int DISK_BYTES = 1 << 20;

    @RegisterExtension
    final ConsoleFixture console = new ConsoleFixture();

    private Path image(String vm) throws IOException {
        return Files.write(console.server().work().resolve(vm + ".raw"), new byte[DISK_BYTES]);
    }

    private String addDisk(Browser browser, String vm) throws IOException {
        String disk = "{\"name\":\"vda\",\"path\":\"" + image(vm) + "\",\"format\":\"raw\"}";
        Browser.Answer answer = browser.request("POST", "api/vms/" + vm + "/disks", disk);
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
        return "#disks tr[data-device='vda']";
    }

    private String addNic(Browser browser, String vm) {
        Browser.Answer answer =
                browser.request("POST", "api/vms/" + vm + "/nics", "{\"name\":\"eth0\",\"backend\":\"user\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
        return "#nics tr[data-device='eth0']";
    }

    private static String button(String row, String action) {
        return row + " [data-action='" + action + "']:not([aria-disabled])";
    }

    @Test
    void addsADiskFromTheFormAndRemovesItAfterAQuestion() throws IOException {
        Browser browser = console.browser("admin");
        String vm = console.defineEcho(browser);
        Browser other = console.browser("viewer");
        other.open("#/vms/" + vm);
        browser.open("#/vms/" + vm);
        browser.click("[data-add='disks']");
        browser.fill("dialog input[name='name']", "vdb");
        browser.fill("dialog input[name='path']", image(vm).toString());
        browser.click("dialog button[type='submit']");
        String row = "#disks tr[data-device='vdb']";
        browser.awaitText(row, "DETACHED");
        browser.awaitText(row, vm + ".raw");
        other.awaitText(row, "DETACHED");

        browser.click(button(row, "remove"));
        browser.awaitText("dialog", "The image is kept");
        browser.keys(Keys.ESCAPE);
        browser.await("the question is gone", () -> browser.text("dialog").isEmpty());
        browser.awaitText(row, "vdb");
        browser.click(button(row, "remove"));
        browser.confirm();
        browser.await("the disk is gone", () -> browser.text(row).isEmpty());
        other.await("the disk is gone", () -> other.text(row).isEmpty());
        assertThat(browser.scriptErrors()).isEmpty();
    }

    @Test
    void saysWhatIsRefusedBesideTheFieldItIsAbout() throws IOException {
        Browser browser = console.browser("admin");
        String vm = console.defineEcho(browser);
        browser.open("#/vms/" + vm);
        browser.click("[data-add='disks']");
        browser.fill("dialog input[name='name']", "a/b");
        browser.fill("dialog input[name='path']", "relative.raw");
        browser.fill("dialog input[name='queues']", "many");
        browser.click("dialog button[type='submit']");
        browser.awaitText("dialog .problem[id$='-name-problem']", "name is \"a/b\"");
        browser.awaitText("dialog .problem[id$='-path-problem']", "absolute path");
        browser.awaitText("dialog .problem[id$='-queues-problem']", "queues is \"many\"");
        assertThat(browser.driver().switchTo().activeElement().getDomAttribute("name"))
                .isEqualTo("name");
        assertThat(browser.element("dialog input[name='name']").getDomAttribute("aria-invalid"))
                .isEqualTo("true");

        browser.fill("dialog input[name='name']", "vdb");
        browser.fill("dialog input[name='path']", image(vm).toString());
        browser.fill("dialog input[name='queues']", "2");
        browser.click("dialog button[type='submit']");
        browser.awaitText("#disks tr[data-device='vdb']", "DETACHED");
    }

    @Test
    void pullsTheCableAndLimitsEachDirection() throws IOException {
        Browser browser = console.browser("operator");
        Browser admin = console.browser("admin");
        String vm = console.defineEcho(admin);
        String row = addNic(admin, vm);
        browser.open("#/vms/" + vm);
        browser.click(button(row, "linkDown"));
        browser.awaitText(row + " td:nth-child(3)", "down");
        browser.click(button(row, "linkUp"));
        browser.awaitText(row + " td:nth-child(3)", "up");

        browser.click(button(row, "limitReceive"));
        browser.fill("dialog input[name='burstBytes']", "1MiB");
        browser.click("dialog button[type='submit']");
        browser.awaitText("dialog .error-text", "burstBytes needs bytesPerSecond");
        browser.fill("dialog input[name='bytesPerSecond']", "2MiB");
        browser.click("dialog button[type='submit']");
        browser.await("the dialog is gone", () -> browser.text("dialog").isEmpty());
        assertThat(browser.request("GET", "api/vms/" + vm, null).body())
                .contains("\"receiveLimits\":{\"bytesPerSecond\":2097152,\"burstBytes\":1048576");
        assertThat(browser.scriptErrors()).isEmpty();
    }

    @Test
    void runningVmShowsItsDisksLiveAndChangesTheirSize() throws IOException {
        Browser browser = console.browser("admin");
        String vm = console.startEcho(browser);
        String row = addDisk(browser, vm);
        browser.awaitText(row, "INACTIVE");
        browser.awaitText(row, "1 MiB");
        browser.element("#disk-chart canvas");
        browser.awaitText(row, "0 B/s");
        browser.click(button(row, "resize"));
        browser.fill("dialog input[name='bytes']", "4MiB");
        browser.click("dialog button[type='submit']");
        browser.awaitText(row, "4 MiB");
        browser.click("#queue-panel > summary");
        browser.awaitText("#queues", "vda:0");
        browser.awaitText("#others", "Rng");
        console.powerOff(browser, vm);
        browser.awaitText(row, "DETACHED");
        assertThat(browser.scriptErrors()).isEmpty();
    }

    @Test
    void slidesTheBalloonByKeyboardAlone() throws IOException {
        Browser browser = console.browser("operator");
        String vm = console.startEcho(console.browser("admin"));
        browser.open("#/vms/" + vm);
        browser.awaitText("#balloon", "INACTIVE");
        browser.tabTo("#balloon-target");
        browser.keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT);
        browser.awaitText("#balloon output", "2 MiB");
        browser.tabTo("[data-action='changeTarget']");
        browser.keys(Keys.ENTER);
        browser.await(
                "the target is shown", () -> browser.text("#balloon .facts").contains("Target\n2 MiB"));
        console.powerOff(browser, vm);
    }

    @Test
    void operatorAndViewerChangeOnlyWhatTheyMay() throws IOException {
        Browser admin = console.browser("admin");
        String vm = console.defineEcho(admin);
        String disk = addDisk(admin, vm);
        String nic = addNic(admin, vm);
        Browser viewer = console.browser("viewer");
        viewer.open("#/vms/" + vm);
        for (String disabled : List.of(
                disk + " [data-action='limit']", nic + " [data-action='linkDown']", disk + " [data-action='remove']")) {
            assertThat(viewer.element(disabled).getDomAttribute("aria-disabled"))
                    .as(disabled)
                    .isEqualTo("true");
        }
        Browser operator = console.browser("operator");
        String api = "api/vms/" + vm;
        assertThat(viewer.request("POST", api + "/nics/eth0/actions/linkDown", "{}")
                        .status())
                .isEqualTo(403);
        assertThat(operator.request("POST", api + "/nics/eth0/actions/linkDown", "{}")
                        .status())
                .isEqualTo(204);
        for (String path : List.of("/disks", "/nics", "/disks/vda/actions/remove", "/nics/eth0/actions/remove")) {
            assertThat(operator.request("POST", api + path, "{}").status())
                    .as(path)
                    .isEqualTo(403);
        }
        assertThat(operator.request("POST", api + "/disks/vda/actions/resize", "{\"bytes\":512}")
                        .status())
                .isEqualTo(403);
        assertThat(operator.request("POST", api + "/vcpus", "{\"count\":1}").status())
                .isEqualTo(403);
    }

    @Test
    void whatIsNotThereAndWhatIsNoNumberIsAnsweredInWords() throws IOException {
        Browser admin = console.browser("admin");
        String api = "api/vms/" + console.defineEcho(admin);
        assertThat(admin.request("POST", api + "/disks/vdz/actions/limit", "{\"bytesPerSecond\":1}")
                        .body())
                .contains("burstBytes is missing; give a whole number");
        assertThat(admin.request("POST", api + "/disks/vdz/actions/resize", "{\"bytes\":512}")
                        .status())
                .isEqualTo(404);
        assertThat(admin.request("POST", api + "/disks/vdz/actions/explode", "{}")
                        .status())
                .isEqualTo(404);
        assertThat(admin.request("POST", api + "/balloon/actions/changeTarget", "{\"bytes\":\"1\"}")
                        .body())
                .contains("bytes is a text; give a whole number");
        assertThat(admin.request("POST", api + "/vcpus", "{\"count\":4294967297}")
                        .status())
                .isEqualTo(400);
    }
}
