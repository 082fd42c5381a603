using System.Net;
using System.Net.Http.Headers;
using System.Security.Authentication;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;

namespace Veltrix.Kubernetes;

/// <summary>What the API answered instead of what was asked for.</summary>
/// <param name="code">HTTP's; 0: there was no answer.</param>
/// <param name="retryAfter">How long it asks to be left alone; null: it does not say.</param>
public sealed class ClusterApiException(int code, string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    public int Code => code;

    public TimeSpan? RetryAfter => retryAfter;

    public bool IsGone => code == (int)HttpStatusCode.Gone;

    public bool IsMissing => code == (int)HttpStatusCode.NotFound;

    /// <summary>Somebody else was first, or the object is there already.</summary>
    public bool IsConflict => code == (int)HttpStatusCode.Conflict;
}

/// <summary>
/// A Kubernetes API, spoken to in JSON. The client library brings configuration, credentials and TLS; paths, server-side apply and watches are made here, since its own watches take no
/// resource version and say of an expired one only in a callback. Thread-safe.
/// </summary>
public sealed class ClusterApi : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    static readonly MediaTypeHeaderValue ApplyPatch = new("application/apply-patch+yaml");

    readonly k8s.Kubernetes client;
    long calls;

    ClusterApi(KubernetesClientConfiguration configuration, string space) => (client, Namespace) = (new k8s.Kubernetes(configuration), space);

    /// <summary>Where this process is, or its configuration's.</summary>
    public string Namespace { get; }

    public Uri Address => client.BaseUri;

    /// <summary>Requests made so far.</summary>
    public long Calls => Interlocked.Read(ref calls);

    /// <summary>By the file, else by <c>KUBECONFIG</c>, else as a pod, else by the user's own configuration.</summary>
    /// <exception cref="k8s.Exceptions.KubeConfigException">There is none, or it cannot be read.</exception>
    public static ClusterApi Open(string? kubeconfig = null)
    {
        var configuration = kubeconfig is not null ? KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig) : KubernetesClientConfiguration.BuildDefaultConfig();
        return new ClusterApi(configuration, configuration.Namespace is { Length: > 0 } named ? named : "default");
    }

    /// <summary>Null: it is not there.</summary>
    public async Task<T?> Find<T>(string path, CancellationToken cancel) where T : class
    {
        try
        {
            return Read<T>(await Send(HttpMethod.Get, path, null, cancel));
        }
        catch (ClusterApiException error) when (error.IsMissing)
        {
            return null;
        }
    }

    public async Task<T> Create<T>(string path, T body, CancellationToken cancel) where T : notnull => Read<T>(await Send(HttpMethod.Post, path, Json(KubernetesJson.Serialize(body)), cancel));

    public async Task<T> Replace<T>(string path, T body, CancellationToken cancel) where T : notnull => Read<T>(await Send(HttpMethod.Put, path, Json(KubernetesJson.Serialize(body)), cancel));

    /// <summary>Server-side apply: what stands in the body becomes the manager's, and what he no longer names goes.</summary>
    /// <param name="body">With apiVersion, kind and name.</param>
    public async Task<JsonObject> Apply(string path, object body, string manager, CancellationToken cancel)
    {
        var content = new StringContent(body as string ?? KubernetesJson.Serialize(body), Encoding.UTF8, ApplyPatch);
        return Read<JsonObject>(await Send(HttpMethod.Patch, $"{path}?fieldManager={manager}&force=true", content, cancel));
    }

    /// <summary>A JSON merge patch, for what apply cannot say: taking something away that others own.</summary>
    public async Task Merge(string path, JsonObject patch, CancellationToken cancel) =>
        await Send(HttpMethod.Patch, path, new StringContent(patch.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/merge-patch+json")), cancel);

    /// <summary>It may be gone already.</summary>
    public async Task Delete(string path, CancellationToken cancel)
    {
        try
        {
            await Send(HttpMethod.Delete, path, Json("""{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}"""), cancel);
        }
        catch (ClusterApiException error) when (error.IsMissing)
        {
        }
    }

    /// <summary>What happens after this version of a list. Ends when the API ends it, after <paramref name="length"/> at the latest.</summary>
    public async IAsyncEnumerable<JsonObject> Watch(string path, string version, TimeSpan length, [EnumeratorCancellation] CancellationToken cancel)
    {
        // A connection that died without a word must not be listened to for ever.
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        ends.CancelAfter(length + Patience);
        var query = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        using var response = await Ask(HttpMethod.Get, $"{path}{query}watch=true&allowWatchBookmarks=true&timeoutSeconds={length.TotalSeconds:0}&resourceVersion={version}", null, ends.Token);
        using var lines = new StreamReader(await Guarded(() => response.Content.ReadAsStreamAsync(ends.Token), cancel));
        while (await Guarded(() => lines.ReadLineAsync(ends.Token).AsTask(), cancel) is { } line)
            yield return JsonNode.Parse(line)!.AsObject();
    }

    static T Read<T>(string text) => typeof(T) == typeof(JsonObject) ? (T)(object)JsonNode.Parse(text)!.AsObject() : KubernetesJson.Deserialize<T>(text);

    static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    async Task<string> Send(HttpMethod method, string path, HttpContent? body, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        using var response = await Ask(method, path, body, patience.Token, cancel);
        return await Guarded(() => response.Content.ReadAsStringAsync(patience.Token), cancel);
    }

    Task<HttpResponseMessage> Ask(HttpMethod method, string path, HttpContent? body, CancellationToken cancel) => Ask(method, path, body, cancel, cancel);

    async Task<HttpResponseMessage> Ask(HttpMethod method, string path, HttpContent? body, CancellationToken until, CancellationToken cancel)
    {
        Interlocked.Increment(ref calls);
        using var request = new HttpRequestMessage(method, new Uri(client.BaseUri, path)) { Content = body, Version = HttpVersion.Version20 };
        if (client.Credentials is { } credentials) await credentials.ProcessHttpRequestAsync(request, until);
        var response = await Guarded(() => client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, until), cancel);
        if (response.IsSuccessStatusCode) return response;
        using (response)
        {
            var text = await Guarded(() => response.Content.ReadAsStringAsync(until), cancel);
            throw Refusal((int)response.StatusCode, $"{method} {path.Split('?')[0]}", text, response.Headers.RetryAfter?.Delta);
        }
    }

    /// <summary>A refusal of the API, from the Status it sends; some proxies send none.</summary>
    internal static ClusterApiException Refusal(int code, string what, string text, TimeSpan? retryAfter = null)
    {
        JsonObject? status = null;
        try
        {
            status = JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
        }

        if ((int?)status?["details"]?["retryAfterSeconds"] is { } seconds) retryAfter = TimeSpan.FromSeconds(seconds);
        return new ClusterApiException((int?)status?["code"] ?? code, $"{what}: {(string?)status?["message"] ?? $"HTTP {code}"}", retryAfter);
    }

    static async Task<T> Guarded<T>(Func<Task<T>> call, CancellationToken cancel)
    {
        try
        {
            return await call();
        }
        catch (OperationCanceledException error) when (!cancel.IsCancellationRequested)
        {
            throw new ClusterApiException(0, "the Kubernetes API does not answer in time", null, error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or AuthenticationException)
        {
            throw new ClusterApiException(0, $"the Kubernetes API cannot be reached: {error.Message}", null, error);
        }
    }

    public void Dispose() => client.Dispose();
}
