using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Veltrix.Kubernetes;

/// <summary>
/// The objects of a kind as the API has them, kept up to date in memory.
/// <list type="number">
/// <item>List, and tell of everything that differs from what was known.</item>
/// <item>Watch from the list's version on, with bookmarks, so that a quiet watch can be taken up again where it ended.</item>
/// <item>A watch that ends is taken up; one whose version the API has forgotten (410) begins with a list.</item>
/// <item>Failures wait ever longer, by chance a little more or less, and as long as the API asks for.</item>
/// </list>
/// </summary>
/// <param name="query">Selectors as in a URL, such as <c>labelSelector=app%3Dx</c>; empty: all.</param>
/// <param name="changed">Called with an object that is new, different or gone, on one task; must not throw.</param>
public sealed class Mirror<T>(ClusterApi api, Resource resource, string space, string query, TimeProvider clock, Action<T> changed) where T : class, IKubernetesObject<V1ObjectMeta>
{
    static readonly TimeSpan WatchLength = TimeSpan.FromMinutes(5);

    static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, T> known = new(StringComparer.Ordinal);
    readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly string path = resource.Path(space) + (query.Length > 0 ? $"?{query}" : "");

    /// <summary>Completes with the first list.</summary>
    public Task Synced => synced.Task;

    public T? Find(string name) => known.GetValueOrDefault(name);

    public IReadOnlyCollection<T> All => (IReadOnlyCollection<T>)known.Values;

    /// <summary>Lists so far: more than one means that the API forgot, or was away.</summary>
    public int Lists { get; private set; }

    /// <summary>Null while the API answers; else what is wrong.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Runs until cancelled.</summary>
    public async Task Run(CancellationToken cancel)
    {
        var wait = new Backoff();
        string? version = null;
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                version ??= await List(cancel);
                Trouble = null;
                var began = clock.GetTimestamp();
                await foreach (var told in api.Watch(path, version, WatchLength, cancel))
                {
                    version = Take(told) ?? version;
                    wait.Reset();
                }

                // An API that is going away ends watches at once.
                if (clock.GetElapsedTime(began) < Soon) await Task.Delay(wait.Next(), clock, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (ClusterApiException error)
            {
                if (error.IsGone) version = null;
                Trouble = error.Message;
                await Task.Delay(wait.Next(error.RetryAfter), clock, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task<string> List(CancellationToken cancel)
    {
        var list = await api.Find<JsonObject>(path, cancel) ?? throw new ClusterApiException(404, $"the API knows no {resource.Plural}; is the CRD installed?");
        Lists++;
        var there = list["items"]!.AsArray().Select(item => Read(item!)).ToDictionary(item => item.Metadata.Name, StringComparer.Ordinal);
        foreach (var (name, gone) in known.Where(pair => !there.ContainsKey(pair.Key)).ToList())
        {
            known.TryRemove(name, out _);
            changed(gone);
        }

        foreach (var item in there.Values) Keep(item);
        synced.TrySetResult();
        return (string)list["metadata"]!["resourceVersion"]!;
    }

    /// <returns>The version to go on from; null: as before.</returns>
    string? Take(JsonObject told)
    {
        var item = told["object"]!;
        switch ((string?)told["type"])
        {
            case "ERROR":
                throw ClusterApi.Refusal((int?)item["code"] ?? 500, $"watch of {resource.Plural}", item.ToJsonString());
            case "ADDED" or "MODIFIED":
                Keep(Read(item));
                break;
            case "DELETED":
                var gone = Read(item);
                known.TryRemove(gone.Metadata.Name, out _);
                changed(gone);
                break;
        }

        return (string?)item["metadata"]?["resourceVersion"];
    }

    void Keep(T item)
    {
        if (known.TryGetValue(item.Metadata.Name, out var before) && before.Metadata.ResourceVersion == item.Metadata.ResourceVersion) return;
        known[item.Metadata.Name] = item;
        changed(item);
    }

    T Read(JsonNode item)
    {
        // Items of a list do not say what they are.
        item["apiVersion"] ??= resource.ApiVersion;
        item["kind"] ??= resource.Kind;
        return KubernetesJson.Deserialize<T>(item.ToJsonString());
    }
}
