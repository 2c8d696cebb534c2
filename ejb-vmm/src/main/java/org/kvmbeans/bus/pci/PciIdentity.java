package org.kvmbeans.bus.pci;

/**
 * What a function says it is.
 *
 * @param vendorId 16 bits
 * @param deviceId 16 bits
 * @param revision 8 bits
 * @param classCode base class, subclass and programming interface, 24 bits (PCI Code and ID Assignment)
 * @param subsystemVendorId 16 bits
 * @param subsystemId 16 bits
 */
public record PciIdentity(
        int vendorId, int deviceId, int revision, int classCode, int subsystemVendorId, int subsystemId) {}
