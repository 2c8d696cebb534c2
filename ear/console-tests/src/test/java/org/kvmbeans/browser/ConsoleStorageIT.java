package org.kvmbeans.browser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.openqa.selenium.Cookie;
import org.openqa.selenium.support.ui.Select;

/** Pools, images, jobs and secrets in the console. */
class ConsoleStorageIT {
    private static final int SIZE = 3 << 20;

    @RegisterExtension
    final ConsoleFixture console = new ConsoleFixture();

    /** Makes a pool by the form, as the browser's user, and stays on the page. */
    private String addPool(Browser browser) {
        String pool = console.vmName();
        browser.open("#/storage");
        browser.click("[data-action='addPool']");
        browser.fill("dialog input[name='name']", pool);
        browser.fill(
                "dialog input[name='path']",
                console.server().work().resolve(pool).toString());
        browser.click("dialog button[type='submit']");
        browser.element("[data-pool='" + pool + "']");
        return pool;
    }

    private static void choose(Browser browser, String field, String value) {
        new Select(browser.element("dialog select[name='" + field + "']")).selectByValue(value);
    }

    private static String row(String pool, String image) {
        return "[data-image='" + pool + "/" + image + "']";
    }

    /** Creates an image by the form of its pool. */
    private static void create(Browser browser, String pool, String name, String size) {
        browser.click("[data-pool='" + pool + "'] [data-action='create']");
        browser.fill("dialog input[name='name']", name);
        browser.fill("dialog input[name='bytes']", size);
        browser.click("dialog button[type='submit']");
        browser.awaitText(row(pool, name), name);
    }

    @Test
    void createsAnImageWithAnOverlayAndShowsTheChain() throws IOException {
        Browser browser = console.browser("admin");
        String pool = addPool(browser);
        create(browser, pool, "base.qcow2", "3MiB");
        browser.awaitText(row(pool, "base.qcow2"), "3 MiB");
        browser.awaitText("#jobs", "CREATE " + pool + "/base.qcow2");

        browser.open("#/storage/" + pool + "/base.qcow2");
        browser.awaitText(".facts", "qcow2");
        browser.click("[data-action='overlay']");
        browser.fill("dialog input[name='name']", "top.qcow2");
        browser.click("dialog button[type='submit']");
        browser.awaitText("#chain li[data-depth='above']", pool + "/top.qcow2");

        browser.open("#/storage/" + pool + "/top.qcow2");
        browser.awaitText("#chain li[data-depth='1']", "base.qcow2");
        browser.click("[data-action='check']");
        browser.awaitText("#jobs", "nothing is wrong with it");
        browser.click("[data-action='createSnapshot']");
        browser.fill("dialog input[name='snapshot']", "before-upgrade");
        browser.click("dialog button[type='submit']");
        browser.awaitText("#snapshots", "before-upgrade");
        browser.screenshot(Path.of("target/screenshots/storage-image.png"));

        browser.click("[data-action='stream']");
        browser.confirm();
        browser.await(
                "it stands alone",
                () -> browser.text("#chain li[data-depth='1']").isEmpty());
        browser.click("[data-action='delete']");
        browser.confirm();
        browser.awaitText(".error-box", "there is no");
        assertThat(browser.scriptErrors()).isEmpty();
    }

    @Test
    void saysWhyAnImageIsNotMadeBesideTheFieldItIsAbout() {
        Browser browser = console.browser("admin");
        String pool = addPool(browser);
        browser.click("[data-pool='" + pool + "'] [data-action='create']");
        browser.fill("dialog input[name='name']", "a.qcow2");
        browser.fill("dialog input[name='bytes']", "1000");
        browser.fill("dialog input[name='cluster']", "many");
        browser.click("dialog button[type='submit']");
        browser.awaitText("dialog .problem[id$='-cluster-problem']", "cluster is \"many\"");
        browser.fill("dialog input[name='cluster']", "");
        browser.click("dialog button[type='submit']");
        browser.awaitText("dialog .problem[id$='-bytes-problem']", "bytes is 1000");
    }

    @Test
    void uploadsAFileAndGivesItBack() throws Exception {
        Browser browser = console.browser("admin");
        String pool = addPool(browser);
        byte[] bytes = new byte[SIZE];
        new Random(2).nextBytes(bytes);
        Path file = Files.write(console.server().work().resolve(pool + "-upload.raw"), bytes);
        browser.click("[data-pool='" + pool + "'] [data-action='upload']");
        browser.element("dialog input[name='file']").sendKeys(file.toString());
        browser.fill("dialog input[name='name']", "up.raw");
        choose(browser, "format", "raw");
        browser.click("dialog button[type='submit']");
        browser.awaitText(row(pool, "up.raw"), "3 MiB");
        browser.awaitText("#jobs", "UPLOAD " + pool + "/up.raw");

        browser.open("#/storage/" + pool + "/up.raw");
        URI content = URI.create(browser.element("[data-action='download']").getDomProperty("href"));
        HttpResponse<byte[]> answer = get(browser, content);
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Disposition")).contains("attachment; filename=\"up.raw\"");
        assertThat(answer.body()).isEqualTo(bytes);

        Browser viewer = console.browser("viewer");
        assertThat(get(viewer, content).statusCode()).isEqualTo(403);
        assertThat(browser.scriptErrors()).isEmpty();
    }

    private static HttpResponse<byte[]> get(Browser browser, URI address) throws IOException, InterruptedException {
        String cookies = browser.driver().manage().getCookies().stream()
                .map((Cookie cookie) -> cookie.getName() + "=" + cookie.getValue())
                .collect(Collectors.joining("; "));
        HttpRequest request =
                HttpRequest.newBuilder(address).header("Cookie", cookies).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofByteArray());
    }

    @Test
    void refusesAnUploadThatIsNotWhatItIsSaidToBe() throws IOException {
        Browser browser = console.browser("admin");
        String pool = addPool(browser);
        Path file = Files.write(console.server().work().resolve(pool + "-zeros.img"), new byte[4096]);
        browser.click("[data-pool='" + pool + "'] [data-action='upload']");
        browser.element("dialog input[name='file']").sendKeys(file.toString());
        choose(browser, "format", "qcow2");
        browser.click("dialog button[type='submit']");
        browser.awaitText("dialog .error-box", "it is no usable qcow2 image");
    }

    @Test
    void keepsSecretsAndShowsTheirNamesAlone() throws IOException {
        Browser browser = console.browser("admin");
        String secret = console.vmName();
        browser.open("#/storage");
        browser.click("[data-action='defineSecret']");
        browser.fill("dialog input[name='name']", secret);
        browser.fill("dialog input[name='value']", "correct horse battery");
        browser.click("dialog button[type='submit']");
        browser.awaitText("[data-secret='" + secret + "']", secret);
        assertThat(browser.request("GET", "api/storage", null).body())
                .contains(secret)
                .doesNotContain("correct horse");

        String pool = addPool(browser);
        browser.click("[data-pool='" + pool + "'] [data-action='create']");
        browser.fill("dialog input[name='name']", "safe.qcow2");
        browser.fill("dialog input[name='bytes']", "3MiB");
        choose(browser, "secret", secret);
        browser.click("dialog button[type='submit']");
        browser.awaitText(row(pool, "safe.qcow2"), "LUKS");
        browser.screenshot(Path.of("target/screenshots/storage.png"));
        browser.click("[data-secret='" + secret + "'] [data-action='removeSecret']");
        browser.confirm();
        browser.await(
                "the secret is gone",
                () -> browser.text("[data-secret='" + secret + "']").isEmpty());
    }

    @Test
    void eachRoleDoesWhatItMayAndNoMore() {
        Browser admin = console.browser("admin");
        String pool = addPool(admin);
        create(admin, pool, "a.qcow2", "3MiB");
        String image = "api/storage/pools/" + pool + "/images/a.qcow2";
        Browser viewer = console.browser("viewer");
        Browser operator = console.browser("operator");

        assertThat(viewer.request("GET", image, null).status()).isEqualTo(200);
        assertThat(viewer.request("POST", image + "/actions/check", "{}").status())
                .isEqualTo(403);
        assertThat(operator.request("POST", image + "/actions/check", "{}").status())
                .isEqualTo(202);
        for (String action : new String[] {"delete", "unregister", "stream", "commit", "stopExport"}) {
            assertThat(operator.request("POST", image + "/actions/" + action, "{}")
                            .status())
                    .as(action)
                    .isEqualTo(403);
        }
        assertThat(operator.request("POST", "api/storage/secrets", "{\"name\":\"x\",\"value\":\"y\"}")
                        .status())
                .isEqualTo(403);
        assertThat(operator.request("POST", "api/storage/policy", "{\"policy\":\"ANYWHERE\"}")
                        .status())
                .isEqualTo(403);
        viewer.open("#/storage");
        assertThat(viewer.element("[data-pool='" + pool + "'] [data-action='create']")
                        .getDomAttribute("title"))
                .isEqualTo("Needs the role kvmbeans-admin");
        assertThat(admin.request("POST", image + "/actions/explode", "{}").status())
                .isEqualTo(404);
        assertThat(admin.request("POST", image + "/actions/resize", "{\"bytes\":1}")
                        .status())
                .isEqualTo(400);
    }
}
