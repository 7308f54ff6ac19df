package dev.lifeboat.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One operation from its begin to its end: docs/operate.md, "Java Flight Recorder". */
@Name("dev.lifeboat.Operation")
@Label("Operation")
@Category("Lifeboat")
@Description("An operation on a repository")
@StackTrace(false)
final class OperationJfrEvent extends Event {
    @Label("Kind")
    String kind = "";

    @Label("Operation")
    String operation = "";

    @Label("Succeeded")
    boolean succeeded;

    @Label("Failure")
    String failure = "";

    @Label("Entries")
    long entries;

    @Label("Bytes Read")
    @DataAmount
    long bytesRead;

    @Label("Bytes Stored")
    @DataAmount
    long bytesStored;

    @Label("Problems")
    long problems;
}
