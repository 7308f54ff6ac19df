package dev.lifeboat.storage.s3;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;

/** Translates errors of S3 into messages with cause and remedy. */
final class S3Errors {
    private static final Map<String, String> ADVICE = Map.of(
            "NoSuchBucket", "the bucket does not exist; create it, or correct its name, the endpoint or the region",
            "InvalidAccessKeyId", "the access key is not known to the store; correct it",
            "SignatureDoesNotMatch", "the secret key is wrong, or the region is wrong",
            "ExpiredToken", "the session token of the credentials has expired; get a new one",
            "InvalidToken", "the session token of the credentials is invalid",
            "RequestTimeTooSkewed", "the clocks of this machine and the store differ too much; correct the clock",
            "AuthorizationHeaderMalformed", "the region is wrong; use the region of the bucket",
            "PermanentRedirect", "the bucket is in another region, or requires another endpoint",
            "EntityTooLarge", "the store does not accept objects of this size",
            "SlowDown", "the store throttled the requests until the retry budget was spent");

    /** What stores answer that do not know something of a request. */
    private static final Set<Integer> NOT_UNDERSTOOD = Set.of(400, 411, 501);

    private static final int MAX_TEXT = 500;

    private final String location;
    private final boolean sendsChecksums;

    /**
     * Creates the messages of a store.
     *
     * @param sendsChecksums whether requests carry checksums where S3 does not require them
     */
    S3Errors(String location, boolean sendsChecksums) {
        this.location = location;
        this.sendsChecksums = sendsChecksums;
    }

    String location() {
        return location;
    }

    /** Returns the exception to throw. */
    IOException explained(String what, String permission, SdkException e) {
        if (e instanceof AbortedException || Thread.currentThread().isInterrupted()) {
            InterruptedIOException interrupted = new InterruptedIOException("interrupted: " + what);
            interrupted.initCause(e);
            return interrupted;
        }
        String message = "cannot " + what + " in " + location + ": ";
        if (e instanceof AwsServiceException service) {
            return new IOException(message + explained(service, permission), e);
        }
        return new IOException(
                message + "the store cannot be reached, or does not answer as S3 does: " + e.getMessage(), e);
    }

    /** Returns the exception for a missing bucket; for responses without an error code. */
    IOException missingBucket(String what, AwsServiceException e) {
        return new IOException(
                "cannot " + what + " in " + location + ": " + ADVICE.get("NoSuchBucket") + said(e, code(e)), e);
    }

    private String explained(AwsServiceException e, String permission) {
        String code = code(e);
        if (code.equals("AccessDenied") || e.statusCode() == 403 && !ADVICE.containsKey(code)) {
            return "denied; the credentials lack " + permission + said(e, code);
        }
        if (e.statusCode() == 301 || e.statusCode() == 307) {
            return ADVICE.get("PermanentRedirect") + region(e) + said(e, code);
        }
        String advice = Optional.ofNullable(ADVICE.get(code))
                .orElse(
                        e.statusCode() >= 500
                                ? "the store failed until the retry budget was spent"
                                : "the store refused the request");
        boolean understood = ADVICE.containsKey(code) || !NOT_UNDERSTOOD.contains(e.statusCode());
        return advice
                + region(e)
                + said(e, code)
                + (understood || !sendsChecksums
                        ? ""
                        : "; if it does not know the checksums that requests carry, as older stores do not, use"
                                + " checksumsOnlyIfRequired()");
    }

    private static String region(AwsServiceException e) {
        return e.awsErrorDetails() == null || e.awsErrorDetails().sdkHttpResponse() == null
                ? ""
                : e.awsErrorDetails()
                        .sdkHttpResponse()
                        .firstMatchingHeader("x-amz-bucket-region")
                        .map(region -> " (the bucket is in " + region + ")")
                        .orElse("");
    }

    private static String said(AwsServiceException e, String code) {
        return String.format(
                Locale.ROOT,
                "%s [status %d, %s, request %s]",
                text(e),
                e.statusCode(),
                code,
                String.valueOf(e.requestId()));
    }

    /** Returns what the store says itself, on one line. */
    private static String text(AwsServiceException e) {
        String text = e.awsErrorDetails() == null || e.awsErrorDetails().errorMessage() == null
                ? ""
                : e.awsErrorDetails()
                        .errorMessage()
                        .replaceAll("[\\s\\p{Cntrl}]+", " ")
                        .strip();
        if (text.isEmpty()) {
            return "";
        }
        return ", which says: " + (text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "..");
    }

    static String code(AwsServiceException e) {
        return e.awsErrorDetails() == null || e.awsErrorDetails().errorCode() == null
                ? "no code"
                : e.awsErrorDetails().errorCode();
    }
}
