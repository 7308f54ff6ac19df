package dev.lifeboat.automation.drill;

import dev.lifeboat.automation.drill.DrillReport.CheckResult;
import dev.lifeboat.automation.drill.DrillReport.Outcome;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs a check on a thread of its own, which is interrupted, and else left behind, when the time is up. */
final class TimedCheck {
    private static final int MAX_TEXT = 2000;

    private final Check check;
    private final Duration timeout;

    TimedCheck(Check check, Duration timeout) {
        this.check = check;
        this.timeout = timeout;
    }

    /** Runs it. If this thread is interrupted, it stays so, and the check counts as one that failed. */
    CheckResult run(RestoredApplication application) {
        long begin = System.nanoTime();
        FutureTask<String> task = new FutureTask<>(() -> check.run(application));
        Thread thread = new Thread(task, "lifeboat-drill-check");
        thread.setDaemon(true);
        thread.start();
        Outcome outcome;
        String detail;
        try {
            detail = task.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            outcome = Outcome.PASSED;
        } catch (TimeoutException e) {
            detail = "it had not ended after " + timeout.toMillis() / 1000.0 + " s" + where(thread);
            outcome = Outcome.TIMED_OUT;
            task.cancel(true);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            detail = cause instanceof AssertionError && cause.getMessage() != null
                    ? cause.getMessage()
                    : cause.toString();
            outcome = Outcome.FAILED;
        } catch (InterruptedException e) {
            task.cancel(true);
            Thread.currentThread().interrupt();
            detail = "the drill is cancelled";
            outcome = Outcome.FAILED;
        }
        String text = String.valueOf(detail);
        return new CheckResult(
                check.name(),
                outcome,
                text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + ".." : text,
                Duration.ofNanos(System.nanoTime() - begin));
    }

    /** Where a check hangs says what it waits for. */
    private static String where(Thread thread) {
        StackTraceElement[] stack = thread.getStackTrace();
        return stack.length == 0 ? "" : "; it was in " + stack[0].getClassName() + "." + stack[0].getMethodName();
    }
}
