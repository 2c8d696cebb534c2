/** Long work: what runs, how far it has come, and what became of it. Knows nothing of what the work is. */
package org.kvmbeans.export.job;
