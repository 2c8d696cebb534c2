package org.kvmbeans.mbeans;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import javax.management.DescriptorKey;

/** The unit of an attribute or parameter: becomes the descriptor field {@code units} and a suffix of the description. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.PARAMETER})
public @interface Unit {
    /** The unit in plural, for example {@code bytes} or {@code nanoseconds}. */
    @DescriptorKey("units")
    String value();
}
