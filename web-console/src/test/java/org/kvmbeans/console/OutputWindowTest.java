package org.kvmbeans.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OutputWindowTest {
    private final OutputWindow window = new OutputWindow();

    @Test
    void holdsUpTheReaderOfAPageThatShowsNothing() throws Exception {
        assertThat(window.awaitRoom()).isEqualTo(OutputWindow.SIZE_BYTES);
        window.sent(OutputWindow.SIZE_BYTES);
        CompletableFuture<Integer> waiting = CompletableFuture.supplyAsync(this::room);
        window.seen(1000);
        assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo(1000);
    }

    @Test
    void letsTheReaderGoWhenThePageCloses() throws Exception {
        window.sent(OutputWindow.SIZE_BYTES);
        CompletableFuture<Integer> waiting = CompletableFuture.supplyAsync(this::room);
        assertThat(window.close()).isTrue();
        assertThat(window.close()).isFalse();
        assertThat(waiting.get(10, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void refusesAReportOfMoreThanWasSentOrLessThanBefore() {
        window.sent(100);
        window.seen(50);
        assertThatThrownBy(() -> window.seen(101)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> window.seen(49)).isInstanceOf(IllegalArgumentException.class);
    }

    private int room() {
        try {
            return window.awaitRoom();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
