using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Veltrix.Gate;
using Veltrix.Hosting;
using Veltrix.Server.Live;

namespace Veltrix.Server.Admission;

/// <summary>What the entrances of all hunts of a server have in common, and the clockwork that turns them.</summary>
public sealed partial class Admissions : IDisposable
{
    /// <summary>How often each turnstile goes round.</summary>
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(750);

    /// <summary>Addresses remembered: more than any installation has servers.</summary>
    const int OthersMost = 1_000;

    readonly ILogger logger;
    string address = "";
    readonly ConcurrentDictionary<string, bool> others = new(StringComparer.OrdinalIgnoreCase);
    long heardAt;
    readonly ConcurrentDictionary<string, Turnstile> turnstiles = new(StringComparer.Ordinal);

    public Admissions(GateStore store, Settings settings, Keyring keyring, bool isGoverned, TimeProvider clock, ILogger logger)
    {
        Store = store;
        Settings = settings;
        Keyring = keyring;
        IsGoverned = isGoverned;
        Clock = clock;
        this.logger = logger;
        Sockets = new SocketLimit(settings);
        Proofs = new ProofOfWork(keyring, clock);
        Pace = new JoinPace(clock);
        Metrics.Observe(() => Sockets.Open, () => Sockets.Most);
        Metrics.Observe(() => Each<long>(t => t.SeatedHere), () => Each<long>(t => t.WaitingHere));
        Metrics.Observe(() => Each(t => t.HuntBehind.Backlog.P95?.TotalSeconds), () => Each<double>(t => t.HuntBehind.View.Silence.TotalSeconds));
        LogSockets(Sockets.Most, Sockets.Origin);
    }

    /// <summary>This server's name in the gate and at the governor. Another one after every start: what the one before left behind gets its grace.</summary>
    public string Server { get; } = $"{Environment.MachineName}-{Environment.ProcessId}-{TeamWishes.NewHunter()[..6]}";

    /// <summary>Where clients are sent who are to come here (<see cref="PublicAddress"/>); empty: nobody is, nor to one that goes away.</summary>
    public string Address { get => IsLeaving ? "" : address; set => address = value; }

    /// <summary>Addresses of other servers, also of those that have gone since: pages that came from there play here.</summary>
    public IReadOnlyCollection<string> Others => (IReadOnlyCollection<string>)others.Keys;

    internal void Met(IReadOnlyList<string> elsewhere)
    {
        if (others.Count + elsewhere.Count > OthersMost) others.Clear();
        foreach (var other in elsewhere) others[other] = true;
    }

    /// <summary>Somebody else says what the limit is.</summary>
    public bool IsGoverned { get; }

    /// <summary>The governor beside this server has spoken, whatever it was about.</summary>
    internal void HeardGovernor() => Volatile.Write(ref heardAt, Clock.GetTimestamp());

    /// <summary>How long ago that was; null: never.</summary>
    internal TimeSpan? GovernorSilence => Volatile.Read(ref heardAt) is var at and not 0 ? Clock.GetElapsedTime(at) : null;

    public ServerMetrics Metrics { get; } = new();

    public SocketLimit Sockets { get; }

    internal GateStore Store { get; }

    internal Settings Settings { get; }

    internal Keyring Keyring { get; }

    internal TimeProvider Clock { get; }

    internal ILogger Logger => logger;

    internal ProofOfWork Proofs { get; }

    internal JoinPace Pace { get; }

    public Turnstile Of(LiveHunt hunt) => turnstiles.GetOrAdd(hunt.Id, _ => Open(hunt));

    /// <summary>The turnstile of a hunt that was asked for before, or null.</summary>
    internal Turnstile? Find(string hunt) => turnstiles.GetValueOrDefault(hunt);

    /// <summary>What boards and graphs of a hunt cost at present.</summary>
    public LiveService Service(string hunt) =>
        Find(hunt)?.Service ?? LiveService.At(0, Settings.Get(Keys.BoardCadence, hunt), Settings.Get(Keys.BoardCadenceMax, hunt), present: null);

    Turnstile Open(LiveHunt hunt)
    {
        var turnstile = new Turnstile(hunt, this);
        hunt.OnNews = turnstile.Tell;
        hunt.OnStalled = count => Metrics.Froze(hunt.Id, count);
        hunt.OnLate = count => Metrics.Late(hunt.Id, count);
        hunt.OnUntaken = count => Metrics.Untaken(hunt.Id, count);
        return turnstile;
    }

    /// <summary>Turns all turnstiles until cancelled.</summary>
    public async Task Run(Func<IReadOnlyCollection<LiveHunt>> hunts, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Every);
        try
        {
            do
            {
                await Task.WhenAll(hunts().Select(Turn));
            }
            while (await timer.WaitForNextTickAsync(cancel));
        }
        catch (OperationCanceledException)
        {
        }
    }

    async Task Turn(LiveHunt hunt)
    {
        try
        {
            await Of(hunt).Tick();
        }
        catch (Exception e)
        {
            // One hunt's trouble must not stop the seats of all.
            LogFailed(hunt.Id, e);
        }
    }

    /// <summary>This server goes away: nobody is let in here any more, and the seats of those who play are left to their grace.</summary>
    public bool IsLeaving { get; private set; }

    public void Leave()
    {
        IsLeaving = true;
        foreach (var turnstile in turnstiles.Values) turnstile.Close();
    }

    /// <summary>Makes room for somebody who may be playing: one who waits asks over HTTP from now on.</summary>
    internal bool MakeRoom() => turnstiles.Values.Any(turnstile => turnstile.SendOneToPoll());

    /// <summary>One measurement a hunt; none of one that has nothing to say.</summary>
    IEnumerable<Measurement<T>> Each<T>(Func<Turnstile, T?> value) where T : struct
    {
        foreach (var turnstile in turnstiles.Values)
            if (value(turnstile) is { } measured) yield return new Measurement<T>(measured, ServerMetrics.Of(turnstile.Hunt));
    }

    public void Dispose() => Metrics.Dispose();

    [LoggerMessage(Level = LogLevel.Information, Message = "max_connections_per_server: {Most} ({Origin})")]
    partial void LogSockets(long most, string origin);

    [LoggerMessage(Level = LogLevel.Error, Message = "hunt {Hunt}: its turnstile stumbled")]
    partial void LogFailed(string hunt, Exception e);
}
