package org.kvmbeans.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SameOriginTest {
    @ParameterizedTest
    @CsvSource({
        "http://localhost:9080,  false, localhost:9080",
        "https://localhost:9443, true,  localhost:9443",
        "https://vm.example.org, true,  vm.example.org",
        "http://HOST:9080,       false, host:9080",
        "http://[::1]:9080,      false, [::1]:9080"
    })
    void acceptsTheServersOwnOrigin(String origin, boolean secure, String host) {
        assertThat(SameOrigin.matches(origin, secure, host)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "http://evil.example,             false, localhost:9080",
        "http://localhost:9081,           false, localhost:9080",
        "https://localhost:9080,          false, localhost:9080",
        "http://localhost:9443,           true,  localhost:9443",
        "http://localhost:9080.evil.org,  false, localhost:9080",
        "http://evil@localhost:9080,      false, localhost:9080",
        "null,                            false, localhost:9080",
        "localhost:9080,                  false, localhost:9080"
    })
    void refusesEveryOtherOrigin(String origin, boolean secure, String host) {
        assertThat(SameOrigin.matches(origin, secure, host)).isFalse();
    }

    @Test
    void refusesARequestWithoutOriginOrHost() {
        assertThat(SameOrigin.matches(null, false, "localhost:9080")).isFalse();
        assertThat(SameOrigin.matches("http://localhost:9080", false, null)).isFalse();
        assertThat(SameOrigin.matches("http://", false, "")).isFalse();
    }
}
