package org.kvmbeans.mbeans;

import javax.management.ObjectName;

/** The virtio console of a VM with all its ports: {@code org.kvmbeans:type=Console,vm=NAME}. */
@Description("The virtio console of a VM with all its ports")
public interface ConsoleMXBean extends VirtioDeviceAttributes {
    @Description("The MBeans of the ports, in the order of the definition")
    ObjectName[] getPorts();
}
