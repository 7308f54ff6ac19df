package dev.lifeboat.docker.internal.client;

import com.github.dockerjava.transport.DockerHttpClient.Response;
import java.io.InputStream;
import java.util.List;
import java.util.Map;

/** A response whose body is watched while it is read. */
final class WatchedResponse implements Response {
    private final Response response;
    private final Watch watch;

    /** Closing the response closes the watch. */
    WatchedResponse(Response response, Watch watch) {
        this.response = response;
        this.watch = watch;
    }

    @Override
    public int getStatusCode() {
        return response.getStatusCode();
    }

    @Override
    public Map<String, List<String>> getHeaders() {
        return response.getHeaders();
    }

    @Override
    public InputStream getBody() {
        return new WatchedStream(response.getBody(), watch);
    }

    @Override
    public void close() {
        watch.close();
        response.close();
    }
}
