package org.kvmbeans.browser;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.JavascriptExecutor;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** A browser on the console, and what a person does with it. Every wait ends at {@link #PATIENCE}. */
final class Browser implements AutoCloseable {
    /** Long, since a busy machine or an emulated one is slow; a test that passes never waits that long. */
    static final Duration PATIENCE = Duration.ofSeconds(45);

    private static final List<String> OPTIONS = List.of(
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1440,1100");

    private final ChromeDriver driver;
    private final URI console;

    Browser(URI console) {
        this.console = console;
        ChromeOptions options = new ChromeOptions();
        options.setBinary("/usr/bin/chromium");
        options.addArguments(OPTIONS);
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        // Named, so that nothing looks for one on the network.
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(new File("/usr/bin/chromedriver"))
                .build();
        driver = new ChromeDriver(service, options);
    }

    ChromeDriver driver() {
        return driver;
    }

    /** Opens a page of the console, for example {@code #/vms/demo}. */
    void open(String page) {
        driver.get(console.resolve(page).toString());
    }

    void login(String user, String password) {
        open("login.html");
        fill("#user", user);
        fill("#password", password);
        click("#login-form button");
    }

    /** Logs in and waits for the list. */
    void loginToList(String user, String password) {
        login(user, password);
        element("#vms");
    }

    WebElement element(String selector) {
        return Objects.requireNonNull(new WebDriverWait(driver, PATIENCE)
                .withMessage("no visible " + selector)
                .until(d -> driver.findElements(By.cssSelector(selector)).stream()
                        .filter(WebElement::isDisplayed)
                        .findFirst()
                        .orElse(null)));
    }

    void click(String selector) {
        element(selector).click();
    }

    void fill(String selector, String text) {
        WebElement field = element(selector);
        field.clear();
        field.sendKeys(text);
    }

    /** Presses an operation of the VM's page or of its row in the list, once the state allows it. */
    void act(String vm, String action) {
        click("[aria-label$=' " + vm + "'][data-action='" + action + "']:not([aria-disabled])");
    }

    /** Says yes in the dialog. */
    void confirm() {
        click("dialog button[value='yes']");
    }

    void awaitText(String selector, String part) {
        await(selector + " should say: " + part, () -> text(selector).contains(part));
    }

    /** The text of an element, empty where it is not there. */
    String text(String selector) {
        try {
            return driver.findElements(By.cssSelector(selector)).stream()
                    .map(WebElement::getText)
                    .findFirst()
                    .orElse("");
        } catch (StaleElementReferenceException e) {
            return "";
        }
    }

    void await(String what, BooleanSupplier condition) {
        new WebDriverWait(driver, PATIENCE)
                .withMessage(() -> what + "; the page says:\n" + text("body"))
                .until(d -> condition.getAsBoolean());
    }

    /** Waits until the terminal is connected, then until it shows a text. */
    void awaitTerminal(String part) {
        element(".terminal-status[data-link='open']");
        awaitText(".xterm-rows", part);
    }

    /** Types into the terminal, as at a keyboard. */
    void typeIntoTerminal(String text) {
        element(".terminal-status[data-link='open']");
        click(".screen");
        keys(text);
    }

    /** Presses keys wherever the focus is. */
    void keys(CharSequence... keys) {
        new Actions(driver).sendKeys(keys).perform();
    }

    /** Presses a key while a modifier such as Shift is held. */
    void chord(Keys modifier, Keys key) {
        new Actions(driver).keyDown(modifier).sendKeys(key).keyUp(modifier).perform();
    }

    /** Moves on with the Tab key until the focus is on an element; fails where it cannot be reached that way. */
    void tabTo(String selector) {
        for (int i = 0; i < 200; i++) {
            if (Boolean.TRUE.equals(script("return document.activeElement.matches(arguments[0])", selector))) {
                return;
            }
            keys(Keys.TAB);
        }
        throw new AssertionError(selector + " cannot be reached with the Tab key");
    }

    Object script(String script, Object... arguments) {
        return Objects.requireNonNullElse(((JavascriptExecutor) driver).executeScript(script, arguments), "");
    }

    /** What a script of the page gets for a request with the right token. */
    Answer request(String method, String path, @Nullable String body) {
        Object answer = driver.executeAsyncScript(
                "const [method, path, body, done] = arguments;"
                        + "fetch('api/session').then((r) => r.json()).then((session) => fetch(path, {method, body,"
                        + " headers: {'Content-Type': 'application/json', 'X-CSRF-Token': session.csrfToken}}))"
                        + ".then(async (r) => done([r.status, await r.text()]));",
                method,
                path,
                body);
        List<?> parts = (List<?>) Objects.requireNonNull(answer);
        return new Answer((Long) parts.get(0), (String) parts.get(1));
    }

    /** Status and body of a request. */
    record Answer(long status, String body) {}

    /** Lines of the browser's own log that tell of a policy that was violated or of an error of a script. */
    List<String> scriptErrors() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.SEVERE.intValue())
                .map(LogEntry::getMessage)
                .filter(message -> !message.contains("Failed to load resource"))
                .toList();
    }

    void screenshot(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
    }

    @Override
    public void close() {
        driver.quit();
    }
}
