package org.kvmbeans.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class InputQueueTest {
    private final InputQueue queue = new InputQueue();

    @Test
    void comesOutInOrderHoweverItIsTaken() {
        queue.offer(new byte[] {1, 2});
        queue.offer(new byte[] {3, 4, 5});
        byte[] three = new byte[3];

        assertThat(queue.take()).isEqualTo((byte) 1);
        assertThat(queue.take(three, 3)).isEqualTo(3);
        assertThat(three).containsExactly(2, 3, 4);
        assertThat(queue.take(three, 3)).isEqualTo(1);
        assertThat(three[0]).isEqualTo((byte) 5);
        assertThat(queue.take(three, 3)).isZero();
        assertThat(queue.size()).isZero();
    }

    @Test
    void takesAllOfAnOfferOrNothing() {
        queue.offer(new byte[InputQueue.CAPACITY_BYTES - 1]);

        assertThatThrownBy(() -> queue.offer(new byte[2]))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("2 bytes")
                .hasMessageContaining("room for 1");

        assertThat(queue.size()).isEqualTo(InputQueue.CAPACITY_BYTES - 1);
        queue.clear();
        assertThat(queue.size()).isZero();
    }
}
