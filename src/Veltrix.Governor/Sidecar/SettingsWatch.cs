using Veltrix.Hosting;

namespace Veltrix.Governor.Sidecar;

/// <summary>
/// What people have changed since the last look, of that which moves a limit: a limit that moved must not be explained by memory when it was a person who moved it. Not thread-safe.
/// </summary>
/// <remarks>It compares only what a server has told: before, the settings are those of this process, and the first report would look like a change.</remarks>
sealed class SettingsWatch(HuntSettings settings)
{
    static readonly Watched[] watched =
    [
        Watched.For("ceiling", Keys.MaxConcurrentHunters), Watched.For("floor", Keys.LimitFloorRatio), Watched.For("pin", Keys.PinLimit), Watched.For("policy", Keys.Policy),
    ];

    string[]? last;

    /// <summary>Each change: what it is of, and the sentence (<c>max_concurrent_hunters: 3000 → 2000 (anna: the hall is full)</c>).</summary>
    public IReadOnlyList<(string Of, string Text)> Changes()
    {
        if (!settings.IsReported) return [];
        var now = Array.ConvertAll(watched, its => its.Read(settings));
        var before = last ?? now;
        last = now;
        return [.. watched.Index().Where(its => now[its.Index] != before[its.Index]).Select(its => (its.Item.Of, Told(its.Item.Key, before[its.Index], now[its.Index])))];
    }

    string Told(Key key, string before, string now) => $"{key.Name}: {before} → {now}{(settings.Origin(key) is { Length: > 0 } origin ? $" ({origin})" : "")}";

    sealed record Watched(string Of, Key Key, Func<HuntSettings, string> Read)
    {
        public static Watched For<T>(string of, Key<T> key) => new(of, key, settings => key.Write(settings.Get(key)));
    }
}
