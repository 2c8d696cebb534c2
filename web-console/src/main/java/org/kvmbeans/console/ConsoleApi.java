package org.kvmbeans.console;

import jakarta.ws.rs.ApplicationPath;
import jakarta.ws.rs.core.Application;

/** The REST resources of the console, made for its own page; other clients use the MBeans through Jolokia. */
@ApplicationPath("api")
public class ConsoleApi extends Application {}
