package org.kvmbeans.export.job;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Which files jobs use: one is written by one job alone, or read by some. Guarded by its owner. */
final class FileClaims {
    private final Map<Path, Job> writers = new HashMap<>();
    private final Map<Path, Map<Job, Boolean>> readers = new HashMap<>();

    /** Takes a job's files. The job that is in its way, where there is one, and nothing is taken. */
    Optional<Job> claim(Job job) {
        Optional<Job> obstacle = obstacle(job.request());
        if (obstacle.isEmpty()) {
            job.request().writes().forEach(file -> writers.put(file, job));
            job.request()
                    .reads()
                    .forEach(file -> readers.computeIfAbsent(file, key -> new HashMap<>())
                            .put(job, true));
        }
        return obstacle;
    }

    private Optional<Job> obstacle(JobRequest request) {
        for (Path file : request.writes()) {
            Optional<Job> user = user(file);
            if (user.isPresent()) {
                return user;
            }
        }
        for (Path file : request.reads()) {
            Job writer = writers.get(file);
            if (writer != null) {
                return Optional.of(writer);
            }
        }
        return Optional.empty();
    }

    /** A job that uses the file. */
    Optional<Job> user(Path file) {
        Job writer = writers.get(file);
        return writer != null
                ? Optional.of(writer)
                : readers.getOrDefault(file, Map.of()).keySet().stream().findFirst();
    }

    void release(Job job) {
        job.request().writes().forEach(file -> writers.remove(file, job));
        for (Path file : job.request().reads()) {
            readers.computeIfPresent(file, (key, jobs) -> {
                jobs.remove(job);
                return jobs.isEmpty() ? null : jobs;
            });
        }
    }
}
