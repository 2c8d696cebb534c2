package org.kvmbeans.block.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.kvmbeans.block.DiskImageException;
import org.kvmbeans.block.DiskImageException.Kind;

class ResizeTest {
    private static final int SIZE = 1 << 20;

    private final MemoryImage image = new MemoryImage("image", SIZE);
    private final Resize careful = new Resize(Resize.Loss.REFUSE);

    @Test
    void growsByZeros() throws IOException {
        image.filled(1);
        careful.run("image", image, 2 * SIZE);
        assertThat(image.sizeBytes()).isEqualTo(2 * SIZE);
        assertThat(Memory.read(image, SIZE, SIZE)).containsOnly(0);
    }

    @Test
    void contentsAreCutOffOnlyWhereThatIsAccepted() throws IOException {
        Memory.write(image, SIZE / 2 + 8192, Memory.random(4096, 1));
        assertThatExceptionOfType(DiskImageException.class)
                .isThrownBy(() -> careful.run("image", image, SIZE / 2))
                .matches(e -> e.kind() == Kind.DENIED)
                .withMessageContaining("contents from byte " + (SIZE / 2 + 8192));
        assertThat(image.sizeBytes()).isEqualTo(SIZE);
        new Resize(Resize.Loss.ACCEPT).run("image", image, SIZE / 2);
        assertThat(image.sizeBytes()).isEqualTo(SIZE / 2);
    }

    @Test
    void zerosAreCutOff() throws IOException {
        Memory.write(image, 0, Memory.random(4096, 1));
        careful.run("image", image, SIZE / 2);
        assertThat(image.sizeBytes()).isEqualTo(SIZE / 2);
    }

    @Test
    void refusesASizeThatIsNoMultipleOfTheBlock() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> careful.run("image", image, 1000))
                .withMessageContaining("a multiple of 512");
    }
}
