package org.kvmbeans.bus.pci;

/** A function that a test builds. */
final class TestFunction implements PciFunction {
    private final String name;
    private final PciConfigSpace config;
    private boolean closed;

    TestFunction(String name) {
        this.name = name;
        config = new PciConfigSpace(new PciIdentity(0x1AF4, 0x1042, 1, 0x018000, 0x1AF4, 0x42));
    }

    /** Adds a BAR that answers with {@code answer}. */
    TestFunction with(int index, PciBar.Type type, long sizeBytes, int answer) {
        config.addBar(new PciBar(
                index, type, sizeBytes, name + " BAR " + index, new MemoryDevice(answer), PciBar.Listener.NONE));
        return this;
    }

    PciBar bar(int position) {
        return config.bars().get(position);
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public PciConfigSpace config() {
        return config;
    }

    @Override
    public void reset() {
        config.reset();
    }

    @Override
    public void close() {
        closed = true;
    }
}
