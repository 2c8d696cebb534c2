/**
 * Encryption of disks: LUKS version 1 as QEMU and cryptsetup read and write it, in a file of its own or inside a qcow2
 * image, and the AES of old qcow2 images. Sources: LUKS On-Disk Format Specification 1.2.3; the encryption sections of
 * QEMU's docs/interop/qcow2.txt.
 */
package org.kvmbeans.block.crypto;
