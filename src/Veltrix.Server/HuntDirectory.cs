using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Veltrix.EventLog;
using Veltrix.Hosting;
using Veltrix.Server.Ledgers;
using Veltrix.Server.Live;

namespace Veltrix.Server;

/// <summary>The hunts of this server: those whose logs are there when it starts, and those published since.</summary>
/// <param name="service">What boards and graphs of a hunt cost at present.</param>
/// <param name="only">The one hunt that is served here, though its logs have others; null: all.</param>
public sealed partial class HuntDirectory(IEventLogs logs, string dataFolder, Func<string, LiveService> service, TimeProvider clock, Settings settings, ILogger logger, string? only = null) : IAsyncDisposable
{
    /// <summary>How often a server looks for hunts that others published.</summary>
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, LiveHunt> hunts = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, bool> passedOver = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, bool> named = new(StringComparer.Ordinal);
    readonly SemaphoreSlim opening = new(1);

    /// <summary>What is set for the process and for each hunt.</summary>
    public Settings Settings { get; } = settings;

    public IReadOnlyCollection<LiveHunt> All => (IReadOnlyCollection<LiveHunt>)hunts.Values;

    /// <summary>Null: what should be served is. Else what is not, and why.</summary>
    public string? NotReady => All.FirstOrDefault(hunt => hunt.Broken is not null) is { } broken ? $"hunt {broken.Id} stands still: {broken.Broken!.Message}"
        : All.FirstOrDefault(hunt => hunt.View.Away is not null) is { } away ? $"hunt {away.Id} cannot be read just now: {away.View.Away!.Message}"
        : only is not null && Find(only)?.View.Read((state, _) => state.Model is not null) != true ? $"hunt {only} is not published yet" : null;

    public LiveHunt? Find(string id) => hunts.GetValueOrDefault(id);

    /// <summary>Opens every hunt that has a ledger, but those that are imported in part only.</summary>
    public async Task OpenAll(CancellationToken cancel)
    {
        const string Ledger = "/ledger";
        var names = await logs.List(cancel);
        foreach (var name in names.Where(name => name.EndsWith(Ledger, StringComparison.Ordinal)))
            if (name[..^Ledger.Length] is var id && (only ?? id) == id && Find(id) is null && await Open(id, names, cancel) is null && passedOver.TryAdd(id, true)) LogPassedOver(ImportJournal.Explain(id));
    }

    /// <summary>Warns of hunts that hunt-config.yml sets something for and that are not here, once each.</summary>
    public void NameStrangers()
    {
        foreach (var sentence in Settings.Strangers([.. hunts.Keys]))
            if (named.TryAdd(sentence, true)) LogStranger(sentence);
    }

    /// <summary>Where others may publish too: finds their hunts, until cancelled.</summary>
    public async Task Follow(CancellationToken cancel)
    {
        if (!logs.AreShared) return;
        using var timer = new PeriodicTimer(LookEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
                try
                {
                    await OpenAll(cancel);
                }
                catch (EventLogException e)
                {
                    LogNoNews(e.Message);
                }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>The hunt of this id, made if it is not there.</summary>
    /// <exception cref="EventLogException">It is imported in part only or served elsewhere (<see cref="EventLogFault.InUse"/>), or its logs cannot be opened.</exception>
    public async Task<LiveHunt> Open(string id, CancellationToken cancel) =>
        only is not null && only != id ? throw new EventLogException(EventLogFault.InUse, $"this server serves the hunt {only} and no other")
        : Find(id) ?? await Open(id, await logs.List(cancel), cancel) ?? throw new EventLogException(EventLogFault.InUse, ImportJournal.Explain(id));

    /// <returns>Null for a hunt that is imported in part only.</returns>
    async Task<LiveHunt?> Open(string id, IReadOnlyList<string> names, CancellationToken cancel)
    {
        await opening.WaitAsync(cancel);
        try
        {
            if (Find(id) is { } meanwhile) return meanwhile;
            if (await ImportJournal.IsUnfinished(logs, id, names, cancel)) return null;
            var hunt = await LiveHunt.Start(id, logs, dataFolder, clock, Settings, () => service(id), logger, cancel);
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
        await Task.WhenAll(hunts.Values.Select(hunt => hunt.DisposeAsync().AsTask()));
        opening.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sentence}")]
    partial void LogStranger(string sentence);

    [LoggerMessage(Level = LogLevel.Warning, Message = "cannot look for hunts that other servers published: {Reason}")]
    partial void LogNoNews(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Explanation}")]
    partial void LogPassedOver(string explanation);
}
