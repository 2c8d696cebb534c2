package org.kvmbeans.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import jakarta.json.JsonObject;
import jakarta.ws.rs.BadRequestException;
import jakarta.ws.rs.ClientErrorException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestBodyTest {
    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void wholeNumbersArriveExact() throws IOException {
        JsonObject object = RequestBody.object(stream("{\"bytes\":9223372036854775807}"));

        assertThat(RequestBody.number(object, "bytes")).isEqualTo(Long.MAX_VALUE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|bytes is missing; give a whole number",
                "{'bytes':null}|bytes is null; give a whole number",
                "{'bytes':'1'}|bytes is a text; give a whole number",
                "{'bytes':1.5}|bytes is a fraction; give a whole number",
                "{'bytes':[1]}|bytes is a list; give a whole number",
                "{'bytes':9223372036854775808}|bytes is beyond what a 64-bit number can hold"
            },
            quoteCharacter = '`')
    void refusesWhatIsNoWholeNumberAndNamesTheKey(String body, String message) throws IOException {
        JsonObject object = RequestBody.object(stream(body.replace('\'', '"')));

        assertThatExceptionOfType(BadRequestException.class)
                .isThrownBy(() -> RequestBody.number(object, "bytes"))
                .withMessage(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{", "1", "{} {}", "null"})
    void refusesWhatIsNotOneObject(String body) {
        assertThatExceptionOfType(BadRequestException.class).isThrownBy(() -> RequestBody.object(stream(body)));
    }

    @Test
    void refusesABodyWithoutEnd() {
        InputStream endless = new InputStream() {
            @Override
            public int read() {
                return ' ';
            }
        };

        assertThatExceptionOfType(ClientErrorException.class)
                .isThrownBy(() -> RequestBody.text(endless))
                .withMessageContaining("longer than");
    }

    @Test
    void refusesWhatIsNotUtf8() {
        assertThatExceptionOfType(BadRequestException.class)
                .isThrownBy(() -> RequestBody.text(new ByteArrayInputStream(new byte[] {(byte) 0xFF})))
                .withMessageContaining("UTF-8");
    }
}
