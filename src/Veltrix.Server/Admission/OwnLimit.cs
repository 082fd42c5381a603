using Microsoft.Extensions.Logging;
using Veltrix.Gate;
using Veltrix.Hosting;

namespace Veltrix.Server.Admission;

/// <summary>
/// What a server says of a hunt's limit by itself: a governed one only that a new hunt is open, until the orchestrator speaks; one that nobody governs, that the limit is what people set.
/// Both in a term that any orchestrator's overrules. One caller at a time.
/// </summary>
sealed partial class OwnLimit(LiveHunt hunt, Admissions house, HuntGate gate, GateCall call)
{
    public const string Overruled = "the limit is an orchestrator's last word, and nobody governs this server";

    /// <summary>Terms of orchestrators begin at 1.</summary>
    const long NobodysTerm = 0;

    /// <summary>How long those who play may take to come back to a gate whose keys were lost.</summary>
    static readonly TimeSpan ReturnWithin = TimeSpan.FromSeconds(10);

    readonly ILogger logger = house.Logger;
    long? rebuildingSince;
    bool hasSpoken;
    volatile bool isOverruled;

    /// <summary>An orchestrator published to this gate once, and nothing that this server says counts.</summary>
    public bool IsOverruled => isOverruled;

    /// <summary>
    /// Opens a new hunt with the share of the ceiling that holds before anything was measured, so that the first who come need not wait for the orchestrator's next round. It overrules this at once.
    /// </summary>
    /// <returns>The gate as it is then.</returns>
    public async Task<GateLive> OpenIfNew(GateLive live)
    {
        // Of a hunt that nobody ever joined no seat can be held anywhere, so nobody has to be waited for.
        if (live is not { Epoch: 0, Limits: null } || hunt.View.Read((state, _) => state.Hunters.Count > 0)) return live;
        var ceiling = house.Settings.Get(Keys.MaxConcurrentHunters, hunt.Id);
        var share = house.Settings.Get(Keys.FirstWindow, hunt.Id);
        var limit = Math.Max(1, (long)(share * ceiling));
        var first = Say(limit, ceiling, isPinned: false, FormattableString.Invariant($"{limit:N0}: opened with {share:0.00} of the ceiling {ceiling:N0}, before anything is measured"));
        await call.Try(cancel => gate.Publish(NobodysTerm, first, cancel));
        await call.Try(cancel => gate.Reopen(NobodysTerm, cancel));
        return await Look();
    }

    /// <summary>Where nobody governs: the limit is the ceiling, or the pin.</summary>
    /// <returns>The gate as it is then.</returns>
    public async Task<GateLive> Publish(GateLive live)
    {
        var ceiling = house.Settings.Get(Keys.MaxConcurrentHunters, hunt.Id);
        var pin = house.Settings.Get(Keys.PinLimit, hunt.Id);
        var wanted = Say(
            pin ?? ceiling, ceiling, pin is not null,
            pin is { } pinned ? $"pinned to {pinned:N0} by pin_limit" : $"nobody governs this hunt: the limit is its ceiling, max_concurrent_hunters = {ceiling:N0}");
        var holds = live.Limits is { } now && now with { AtMs = wanted.AtMs } == wanted;
        SayOnce(holds || await call.Try(cancel => gate.Publish(NobodysTerm, wanted, cancel)), wanted.Limit, live.Limits?.Limit ?? 0);
        if (live.Epoch != 0) rebuildingSince = null;
        if (live.Epoch != 0 && live.Limits is not null) return live;
        if (live.Epoch == 0 && IsTimeToReopen(wanted.Limit)) await call.Try(cancel => gate.Reopen(NobodysTerm, cancel));
        return await Look();
    }

    GateLimits Say(long limit, long ceiling, bool isPinned, string reason) => new(
        limit, 0, false, 0, 0, house.Settings.Get(Keys.JoinGuard, hunt.Id) == "on", reason, isPinned ? "pin" : "ceiling", isPinned, ceiling, house.Settings.Get(Keys.GateAudit, hunt.Id), call.NowMs);

    Task<GateLive> Look() => call.Try(cancel => gate.Renew(house.Server, house.Settings.Get(Keys.SeatLease), null, cancel, house.Address));

    // A gate that an orchestrator ever published to takes nothing from a server alone: it cannot tell one that is gone from one that will be back.
    void SayOnce(bool holds, long wanted, long limit)
    {
        if (hasSpoken && isOverruled == !holds) return;
        (hasSpoken, isOverruled) = (true, !holds);
        if (holds) LogAlone(hunt.Id, wanted);
        else LogOverruled(hunt.Id, wanted, limit, house.Store.Endpoint, gate.EndOfTerms);
    }

    // Those who were playing come back first: a gate that opened before they have would let in a second full house. Where all who ever joined fit, nobody has to wait for that.
    bool IsTimeToReopen(long limit)
    {
        rebuildingSince ??= house.Clock.GetTimestamp();
        if (hunt.View.Read((state, _) => state.Hunters.Count) > limit && house.Clock.GetElapsedTime(rebuildingSince.Value) < ReturnWithin) return false;
        rebuildingSince = null;
        return true;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "hunt {Hunt}: nobody governs this hunt; the limit is {Limit}")]
    partial void LogAlone(string hunt, long limit);

    [LoggerMessage(Level = LogLevel.Warning, Message = "hunt {Hunt}: the limit {Wanted} that is set here does not hold. The store at {Store} keeps {Limit}, an orchestrator's last word, and this server has no governor. Start it with --governor, or, if nobody is to govern this hunt any more, give it back: {EndOfTerms}")]
    partial void LogOverruled(string hunt, long wanted, long limit, string store, string endOfTerms);
}
