package org.kvmbeans.console;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.ejb.EJBAccessException;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.core.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kvmbeans.ejb.RefusedException;

class ErrorMapperTest {
    private final ErrorMapper mapper = new ErrorMapper();

    @ParameterizedTest
    @CsvSource({"INVALID, 400", "NOT_FOUND, 404", "WRONG_STATE, 409", "FAILED, 500"})
    void answersARefusalInItsOwnWords(RefusedException.Kind kind, int status) {
        String words = "vcpus: \"0\" is refused;\nit is 1 to 64";
        Response answer = mapper.toResponse(new RefusedException(kind, words, new IllegalArgumentException()));
        assertThat(answer.getStatus()).isEqualTo(status);
        assertThat(answer.getEntity()).isEqualTo("{\"error\":\"vcpus: \\\"0\\\" is refused;\\nit is 1 to 64\"}");
        assertThat(answer.getMediaType()).hasToString("application/json");
    }

    @Test
    void answersAMissingRoleAsForbidden() {
        Response answer = mapper.toResponse(new EJBAccessException("CWWKS9400A: user viewer"));
        assertThat(answer.getStatus()).isEqualTo(403);
        assertThat(answer.getEntity()).asString().contains("role").doesNotContain("CWWKS9400A");
    }

    @Test
    void keepsTheStatusOfWhatTheFrameworkRefuses() {
        Response answer = mapper.toResponse(new NotFoundException("there is no action \"explode\""));
        assertThat(answer.getStatus()).isEqualTo(404);
        assertThat(answer.getEntity()).asString().contains("explode");
    }

    @Test
    void hidesTheDetailsOfAnUnexpectedFailure() {
        Response answer = mapper.toResponse(new IllegalStateException("/etc/secret is broken"));
        assertThat(answer.getStatus()).isEqualTo(500);
        assertThat(answer.getEntity()).asString().doesNotContain("secret").contains("number");
    }
}
