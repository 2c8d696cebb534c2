package org.kvmbeans.mbeans;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import javax.management.MBeanOperationInfo;

/** Whether an operation reads or changes, and which role may call it. An operation without it changes something. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface OperationImpact {
    /** What the operation does to the managed resource. */
    Impact value();

    /** The impact of an operation, as JMX counts it. */
    enum Impact {
        /** Reads only. */
        INFO(MBeanOperationInfo.INFO),
        /** Changes something. */
        ACTION(MBeanOperationInfo.ACTION),
        /** Changes something and returns information. */
        ACTION_INFO(MBeanOperationInfo.ACTION_INFO);

        private final int code;

        Impact(int code) {
            this.code = code;
        }

        /** The constant of {@link MBeanOperationInfo}. */
        public int code() {
            return code;
        }
    }
}
