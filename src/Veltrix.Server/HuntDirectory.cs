using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Veltrix.EventLog;
using Veltrix.Hosting;

namespace Veltrix.Server;

/// <summary>The hunts of this server: those whose logs are there when it starts, and those published since.</summary>
/// <param name="cadence">Milliseconds between two boards of a hunt at present.</param>
public sealed class HuntDirectory(IEventLogs logs, string dataFolder, Func<string, int> cadence, TimeProvider clock, Settings settings, ILogger logger) : IAsyncDisposable
{
    readonly ConcurrentDictionary<string, LiveHunt> hunts = new(StringComparer.Ordinal);
    readonly SemaphoreSlim opening = new(1);

    /// <summary>What is set for the process and for each hunt.</summary>
    public Settings Settings { get; } = settings;

    public IReadOnlyCollection<LiveHunt> All => (IReadOnlyCollection<LiveHunt>)hunts.Values;

    public LiveHunt? Find(string id) => hunts.GetValueOrDefault(id);

    /// <summary>Opens every hunt that has a ledger.</summary>
    public async Task OpenAll(CancellationToken cancel)
    {
        const string Ledger = "/ledger";
        foreach (var name in await logs.List(cancel))
            if (name.EndsWith(Ledger, StringComparison.Ordinal)) await Open(name[..^Ledger.Length], cancel);
    }

    /// <summary>The hunt of this id, made if it is not there.</summary>
    public async Task<LiveHunt> Open(string id, CancellationToken cancel)
    {
        if (Find(id) is { } there) return there;
        await opening.WaitAsync(cancel);
        try
        {
            if (Find(id) is { } meanwhile) return meanwhile;
            var hunt = await LiveHunt.Start(id, logs, dataFolder, clock, Settings, () => cadence(id), logger, cancel);
            hunts[id] = hunt;
            return hunt;
        }
        finally
        {
            opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var hunt in hunts.Values) await hunt.DisposeAsync();
        opening.Dispose();
    }
}
