using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Veltrix.Governor.Orchestration;

namespace Veltrix.Kubernetes.Live;

/// <summary>
/// Beside an orchestrator: while it leads, writes what holds for every hunt that is a Hunt here into its status and its map of overrides. Nobody else writes those. A hunt is written at most
/// once a second, and only where it differs from what is there; an API that is away is caught up with by writing what holds then.
/// </summary>
/// <param name="now">What the orchestrator knew at the end of its last round.</param>
public sealed partial class LivePublisher(ClusterApi api, string space, Func<Snapshot> now, TimeProvider clock, ILogger logger)
{
    /// <summary>Of what is written here.</summary>
    public const string FieldManager = "veltrix-governor";

    static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    readonly Mirror<Hunt> hunts = new(api, Resource.Hunts, space, "", clock, _ => { });
    readonly Dictionary<string, LiveValues> written = new(StringComparer.Ordinal);
    string? trouble;

    /// <summary>Runs until cancelled.</summary>
    public async Task Run(CancellationToken cancel)
    {
        var watching = hunts.Run(cancel);
        using var timer = new PeriodicTimer(Every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
            {
                var snapshot = now();
                if (!snapshot.IsLeader)
                {
                    // Another may write meanwhile.
                    written.Clear();
                    continue;
                }

                foreach (var ruling in snapshot.Outcome.Rulings) await Write(ruling.Hunt, LiveValues.Of(ruling), cancel);
            }
        }
        catch (OperationCanceledException)
        {
        }

        await watching;
    }

    async Task Write(string name, LiveValues values, CancellationToken cancel)
    {
        if (hunts.Find(name) is not { } hunt) return;
        try
        {
            // A new leader finds what its forerunner wrote. A Hunt that was made anew under its old name has nothing.
            var known = LiveValues.Of(hunt.Status) is { } there ? written.GetValueOrDefault(name, there) : null;
            if (known == values) return;
            await api.Apply(Resource.Hunts.Path(space, name, "status"), Body(Resource.Hunts, name, "status", JsonNode.Parse(k8s.KubernetesJson.Serialize(values.AsStatus()))!), FieldManager, cancel);
            await api.Apply(Resource.ConfigMaps.Path(space, HuntNames.Overrides(name)), Body(Resource.ConfigMaps, HuntNames.Overrides(name), "data", values.AsKeys()), FieldManager, cancel);
            written[name] = values;
            trouble = null;
        }
        catch (ClusterApiException error)
        {
            if (trouble != error.Message) LogUnwritten(name, trouble = error.Message);
        }
    }

    static JsonObject Body(Resource resource, string name, string member, JsonNode value) => new()
    {
        ["apiVersion"] = resource.ApiVersion, ["kind"] = resource.Kind, ["metadata"] = new JsonObject { ["name"] = name }, [member] = value,
    };

    [LoggerMessage(LogLevel.Warning, "live values of hunt {Hunt} cannot be written: {Reason}")]
    partial void LogUnwritten(string hunt, string reason);
}
