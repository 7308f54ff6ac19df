package dev.lifeboat.internal.jfr;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The time for which a source was quiesced. */
@Name("dev.lifeboat.Quiesced")
@Label("Quiesced")
@Category("Lifeboat")
@Description("A source was quiesced by a backup")
@StackTrace(false)
final class QuiescedJfrEvent extends Event {
    @Label("Operation")
    String operation = "";
}
