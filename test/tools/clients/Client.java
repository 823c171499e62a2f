import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;

/**
 * Asks without a login, by Java's own client, which would rather speak HTTP/2: over plain http it asks for an upgrade.
 * Environment: BASES (addresses, with a space between them); STOP (the file whose existence ends the rounds).
 */
class Client {
    static final int PAUSE_MILLISECONDS = 50;
    static final int DOWNLOAD_BYTES = 100_000;
    static final HttpClient HTTP = HttpClient.newHttpClient();

    public static void main(String[] args) throws Exception {
        var rounds = 0;
        do {
            for (var base : System.getenv("BASES").split(" ")) round(base);
            rounds++;
            Thread.sleep(PAUSE_MILLISECONDS);
        } while (!Files.exists(Path.of(System.getenv("STOP"))));
        System.out.println("{\"rounds\":" + rounds + "}");
    }

    static void round(String base) throws Exception {
        checkPolicies(get(base + "/v2/policy?client=java"));
        checkDownload(get(base + "/download?bytes=" + DOWNLOAD_BYTES));
        checkError(get(base + "/errors/flat"));
    }

    static HttpResponse<byte[]> get(String url) throws Exception {
        return HTTP.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofByteArray());
    }

    static void checkPolicies(HttpResponse<byte[]> answer) {
        expect(answer, answer.statusCode() == 200);
        expect(answer, text(answer).split("\"policyId\"", -1).length - 1 == 5);
    }

    static void checkDownload(HttpResponse<byte[]> answer) throws Exception {
        var hash = new BigInteger(1, MessageDigest.getInstance("SHA-256").digest(answer.body()));
        expect(answer, answer.body().length == DOWNLOAD_BYTES);
        expect(answer, header(answer, "x-simulator-sha256").equals(String.format("%064x", hash)));
    }

    static void checkError(HttpResponse<byte[]> answer) {
        expect(answer, answer.statusCode() == 404);
        expect(answer, header(answer, "content-type").startsWith("application/problem+json"));
        expect(answer, text(answer).contains("No such resource"));
    }

    static String header(HttpResponse<?> answer, String name) {
        return answer.headers().firstValue(name).orElse("");
    }

    static String text(HttpResponse<byte[]> answer) {
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    static void expect(HttpResponse<byte[]> answer, boolean isAsPromised) {
        if (isAsPromised) return;
        System.err.println(answer + " " + answer.headers().map() + " " + text(answer));
        System.exit(1);
    }
}
