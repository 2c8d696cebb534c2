package org.kvmbeans.mbeans;

/**
 * The user data of a {@code job.*} notification.
 *
 * @param job the ObjectName of the job
 * @param kind what it does, for example {@code CONVERT}
 * @param subject what it works on: an image as {@code POOL/FILE}, or a disk as {@code VM/DISK}
 * @param state the state that it is in
 * @param detail a sentence for a person: what came of it, or what went wrong; empty where there is nothing to add
 */
public record JobEvent(String job, JobKind kind, String subject, JobState state, String detail) {}
