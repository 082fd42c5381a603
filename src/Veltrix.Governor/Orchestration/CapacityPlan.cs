using Veltrix.Hosting;

namespace Veltrix.Governor.Orchestration;

/// <summary>What keeps more hunters out.</summary>
public enum Bottleneck
{
    /// <summary>Nothing: all who come can be let in.</summary>
    None,
    /// <summary>The servers' processors and sockets: more servers help.</summary>
    Servers,
    /// <summary>What all servers share (the store, the one scorer of a hunt): more servers do not help, only a lower limit does.</summary>
    Shared,
}

/// <summary>What is known of the demand and of the servers.</summary>
public sealed record Demand
{
    /// <summary>Servers alive.</summary>
    public required int Servers { get; init; }

    /// <summary>Hunters one server takes by its own word (caps, sockets); null: not known.</summary>
    public double? PerServer { get; init; }

    /// <summary>Mean share of the servers' processors in use; null: not known.</summary>
    public double? Cpu { get; init; }

    /// <summary>The share of its processors above which a server takes no more hunters.</summary>
    public double CpuSoft { get; init; } = Keys.CpuSoft.Default;

    public required double Seated { get; init; }

    public required double Waiting { get; init; }

    /// <summary>Smoothed.</summary>
    public double ArrivalsPerSecond { get; init; }

    public double LeavesPerSecond { get; init; }

    public required double Limit { get; init; }

    public required double Ceiling { get; init; }

    /// <summary>The limit rests on something that all servers share.</summary>
    public bool IsSharedBound { get; init; }
}

/// <summary>How many servers there should be within the next minutes, and why.</summary>
/// <param name="Hunters">Those to expect at the end of the horizon.</param>
/// <param name="PerServer">What one server was taken to carry; null: not known.</param>
public sealed record CapacityPlan(int Servers, int Now, double Hunters, double? PerServer, Bottleneck Bottleneck, string Reason)
{
    /// <summary>How far it looks ahead: a server needs about a minute to start and to fold the ledgers, and hunters come in waves of minutes.</summary>
    public static readonly TimeSpan Horizon = TimeSpan.FromMinutes(5);

    /// <summary>Fewer servers are wanted only after this long of wanting fewer: a server that goes sends its hunters to others.</summary>
    public static readonly TimeSpan FewerAfter = TimeSpan.FromMinutes(5);

    /// <summary>Kept free on each server for the hunters of one that dies.</summary>
    const double Spare = 0.1;

    // Below these a server's load is mostly its own, and says nothing of what a hunter costs.
    const double CpuLeast = 0.1;
    const double SeatedLeast = 50;

    /// <summary>
    /// Expected = seated + waiting + net arrivals over the horizon, at most the ceiling. Where a shared part is the bottleneck, at most the limit: servers are not asked for hunters that
    /// may not come in. Servers = expected ÷ what one carries with a tenth to spare, and at least one.
    /// </summary>
    public static CapacityPlan Of(Demand demand)
    {
        var coming = demand.Waiting + (Math.Max(0, demand.ArrivalsPerSecond - demand.LeavesPerSecond) * Horizon.TotalSeconds);
        var all = Math.Min(demand.Seated + coming, Math.Max(demand.Ceiling, demand.Seated));
        var expected = demand.IsSharedBound ? Math.Min(all, Math.Max(demand.Limit, demand.Seated)) : all;
        var who = $"{Words.Whole(demand.Seated)} play, {Words.Whole(demand.Waiting)} wait, {Words.Whole(expected)} expected in {Horizon.TotalMinutes:N0} min";
        var now = Math.Max(1, demand.Servers);
        if (CarriedBy(demand) is not { } each)
            return new CapacityPlan(now, demand.Servers, expected, null, expected < all ? Bottleneck.Shared : Bottleneck.None, $"{who}; what a server carries is not known yet");

        var wanted = (int)Math.Clamp(Math.Ceiling(expected / (each * (1 - Spare))), 1, 10_000);
        var bottleneck = wanted > demand.Servers ? Bottleneck.Servers : expected < all ? Bottleneck.Shared : Bottleneck.None;
        var what = bottleneck switch
        {
            Bottleneck.Servers => $"{wanted} servers wanted, {demand.Servers} there",
            Bottleneck.Shared => $"{wanted} servers are enough: the limit is set by what all servers share",
            _ => $"{wanted} servers are enough",
        };
        return new CapacityPlan(wanted, demand.Servers, expected, each, bottleneck, $"{what}: {who}, one carries {Words.Whole(each)}");
    }

    /// <summary>The least of what the servers say and what their processors would bear.</summary>
    static double? CarriedBy(Demand demand)
    {
        var carried = demand.Servers > 0 ? demand.Seated / demand.Servers : 0;
        double? byCpu = demand.Cpu is { } cpu && cpu >= CpuLeast && carried >= SeatedLeast ? carried * demand.CpuSoft / cpu : null;
        var told = demand.PerServer is > 0 and < double.PositiveInfinity ? demand.PerServer : null;
        var least = Math.Min(byCpu ?? double.PositiveInfinity, told ?? double.PositiveInfinity);
        return double.IsFinite(least) ? Math.Max(1, least) : null;
    }
}
