package org.kvmbeans.browser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.openqa.selenium.Cookie;

/** Who may do what, and what another site cannot make a browser do. */
class ConsoleSecurityIT {
    @RegisterExtension
    final ConsoleFixture console = new ConsoleFixture();

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void aViewerSeesEverythingAndCanDoNothing() throws IOException {
        Browser admin = console.browser("admin");
        String name = console.defineEcho(admin);
        Browser viewer = console.browser("viewer");
        viewer.awaitText(".role-note", "You are a viewer");
        viewer.open("#/vms/" + name);
        viewer.awaitText(".state.large", "STOPPED");
        assertThat(viewer.element("[data-action='start']").getDomAttribute("aria-disabled"))
                .isEqualTo("true");
        assertThat(viewer.element("[data-action='start']").getDomAttribute("title"))
                .contains("kvmbeans-operator");
        viewer.click("[data-action='start']");

        assertThat(status(viewer, "POST", "api/vms/" + name + "/actions/start", "{}"))
                .isEqualTo(403);
        assertThat(status(viewer, "POST", "api/vms", "{\"name\":\"v\"}")).isEqualTo(403);
        assertThat(viewer.text(".state.large")).isEqualTo("STOPPED");
    }

    @Test
    void anOperatorRunsVmsButDoesNotDefineThem() throws IOException {
        Browser admin = console.browser("admin");
        String name = console.defineEcho(admin);
        Browser operator = console.browser("operator");
        assertThat(status(operator, "POST", "api/vms", "{\"name\":\"v\"}")).isEqualTo(403);
        assertThat(status(operator, "POST", "api/vms/" + name + "/actions/undefine", "{}"))
                .isEqualTo(403);
        assertThat(status(operator, "POST", "api/vms/" + name + "/actions/start", "{}"))
                .isEqualTo(204);
        console.powerOff(operator, name);
    }

    @Test
    void errorsHaveTheStatusThatSaysTheSame() throws IOException {
        Browser admin = console.browser("admin");
        String name = console.defineEcho(admin);
        assertThat(status(admin, "POST", "api/vms/" + name + "/actions/pause", "{}"))
                .isEqualTo(409);
        assertThat(status(admin, "GET", "api/vms/no-such-vm", null)).isEqualTo(404);
        assertThat(status(admin, "POST", "api/vms/no-such-vm/actions/start", "{}"))
                .isEqualTo(404);
        assertThat(status(admin, "POST", "api/vms/" + name + "/actions/explode", "{}"))
                .isEqualTo(404);
        assertThat(status(admin, "POST", "api/vms", "{\"name\":\"../x\"}")).isEqualTo(400);
        assertThat(status(admin, "POST", "api/vms", "not json")).isEqualTo(400);
        assertThat(status(admin, "GET", "api/vms/a,b", null)).isBetween(400L, 404L);
    }

    @Test
    void nothingIsSeenWithoutALogin() throws Exception {
        HttpResponse<String> api = client.send(request("api/summary").build(), HttpResponse.BodyHandlers.ofString());
        assertThat(api.statusCode()).isEqualTo(401);
        assertThat(api.body()).startsWith("{\"error\":");
        HttpResponse<String> page = client.send(request("").build(), HttpResponse.BodyHandlers.ofString());
        assertThat(page.statusCode()).isEqualTo(302);
        assertThat(page.headers().firstValue("Location").orElse("")).endsWith("/console/login.html");
        assertThat(client.send(request("js/app.js").build(), HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(302);
    }

    @Test
    void everyAnswerHasTheSecurityHeaders() throws Exception {
        for (String path : List.of("login.html", "api/summary", "css/app.css")) {
            Map<String, List<String>> headers = client.send(
                            request(path).build(), HttpResponse.BodyHandlers.discarding())
                    .headers()
                    .map();
            assertThat(headers).as(path).containsKeys("content-security-policy", "x-frame-options");
            assertThat(headers.get("x-content-type-options")).containsExactly("nosniff");
            assertThat(headers.get("content-security-policy"))
                    .singleElement()
                    .asString()
                    .doesNotContain("unsafe");
        }
    }

    @Test
    void noCookieCanBeReadByScriptsOrSentFromAnotherSite() {
        Browser browser = console.browser("admin");
        assertThat(browser.driver().manage().getCookies()).isNotEmpty().allSatisfy(cookie -> {
            assertThat(cookie.isHttpOnly()).as(cookie.getName()).isTrue();
            assertThat(cookie.getSameSite()).as(cookie.getName()).isEqualTo("Strict");
        });
    }

    @Test
    void theSessionEndsWithTheLogout() throws Exception {
        Browser browser = console.browser("admin");
        String cookies = cookies(browser);
        assertThat(summaryWith(cookies)).isEqualTo(200);
        browser.click("#logout");
        browser.element("#login-form");
        assertThat(summaryWith(cookies)).isEqualTo(401);
    }

    @Test
    void aChangeFromAnotherOriginOrWithoutTheTokenIsRefused() throws Exception {
        Browser browser = console.browser("admin");
        String cookies = cookies(browser);
        String own = console.server().console().resolve("/").toString().replaceAll("/$", "");
        String token =
                browser.request("GET", "api/session", null).body().replaceAll(".*\"csrfToken\":\"([^\"]*)\".*", "$1");
        assertThat(post(cookies, own, token, "application/json")).isEqualTo(400);
        assertThat(post(cookies, "http://evil.example", token, "application/json"))
                .isEqualTo(403);
        assertThat(post(cookies, "null", token, "application/json")).isEqualTo(403);
        assertThat(post(cookies, own, "wrong", "application/json")).isEqualTo(403);
        assertThat(post(cookies, own, token, "text/plain")).isEqualTo(403);
    }

    @Test
    void aTerminalForAnotherOriginOrForNobodyIsRefused() throws Exception {
        Browser browser = console.browser("admin");
        String name = console.defineEcho(browser);
        String own = console.server().console().resolve("/").toString().replaceAll("/$", "");
        String cookies = cookies(browser);
        try (TerminalClient terminal = connect(name, own, cookies)) {
            terminal.await("\"live\"");
        }
        assertThatThrownBy(() -> connect(name, "http://evil.example", cookies)).hasStackTraceContaining("403");
        assertThatThrownBy(() -> connect(name, own, "x=y")).hasStackTraceContaining("401");
    }

    @Test
    void aTerminalTypesWithTheRoleOfItsOwnUser() throws Exception {
        Browser browser = console.browser("admin");
        String name = console.startEcho(browser);
        String own = console.server().console().resolve("/").toString().replaceAll("/$", "");
        String viewerCookies = cookies(console.browser("viewer"));
        try (TerminalClient admin = connect(name, own, cookies(browser));
                TerminalClient viewer = connect(name, own, viewerCookies)) {
            viewer.await("\"live\"");
            viewer.send("{\"type\":\"input\",\"id\":1,\"text\":\"x\"}");
            assertThat(viewer.await("\"id\":1")).contains("\"refused\"", "role");
            admin.send("{\"type\":\"input\",\"id\":2,\"text\":\"y\"}");
            assertThat(admin.await("\"id\":2")).contains("\"taken\"");
            admin.send("no message");
            admin.await("\"closing\"");
        }
        console.powerOff(browser, name);
    }

    private static long status(Browser browser, String method, String path, @Nullable String body) {
        return browser.request(method, path, body).status();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(console.server().console().resolve(path));
    }

    private static String cookies(Browser browser) {
        return browser.driver().manage().getCookies().stream()
                .map((Cookie cookie) -> cookie.getName() + "=" + cookie.getValue())
                .collect(Collectors.joining("; "));
    }

    private int summaryWith(String cookies) throws IOException, InterruptedException {
        return client.send(
                        request("api/summary").header("Cookie", cookies).build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    /** Tries to define a VM without a name, which the server refuses with 400 once it has let the request in. */
    private int post(String cookies, String origin, String token, String type)
            throws IOException, InterruptedException {
        HttpRequest request = request("api/vms")
                .header("Cookie", cookies)
                .header("Origin", origin)
                .header("X-CSRF-Token", token)
                .header("Content-Type", type)
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    private TerminalClient connect(String vm, String origin, String cookies) throws Exception {
        return TerminalClient.connect(client, console.server().console(), vm, origin, cookies);
    }
}
