package org.kvmbeans.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonViewsTest {
    @Test
    void wholeNumbersThatJavaScriptWouldRoundGoAsText() {
        assertThat(JsonViews.value(9007199254740991L)).hasToString("9007199254740991");
        assertThat(JsonViews.value(9007199254740993L)).hasToString("\"9007199254740993\"");
        assertThat(JsonViews.value(Long.MIN_VALUE)).hasToString("\"-9223372036854775808\"");
    }

    @Test
    void numbersThatJsonHasNoSignForGoAsText() {
        assertThat(JsonViews.value(Double.NaN)).hasToString("\"NaN\"");
        assertThat(JsonViews.value(0.25)).hasToString("0.25");
    }

    @Test
    void listsAndMapsKeepTheirShape() {
        assertThat(JsonViews.value(Map.of("exits", Arrays.asList(1, null, true, "HLT"))))
                .hasToString("{\"exits\":[1,null,true,\"HLT\"]}");
        assertThat(JsonViews.value(List.of())).hasToString("[]");
    }
}
