using System.Globalization;
using System.Text.Json.Nodes;

namespace Veltrix.Cli.Capacities;

/// <summary>What is asked.</summary>
/// <param name="Hunters">Seated and connected at once, in all hunts together.</param>
/// <param name="Hunts">They share the hunters evenly; each has a scorer of its own.</param>
/// <param name="PerHunter">Submissions a second of each.</param>
/// <param name="Cadence">Between two boards of a hunter.</param>
/// <param name="Rush">All come within this.</param>
/// <param name="Cores">Of one server's machine.</param>
/// <param name="Sockets">That one server may have: nine tenths of its open files.</param>
sealed record Demand(long Hunters, int Hunts, double PerHunter, TimeSpan Cadence, TimeSpan Rush, int Cores, long Sockets);

/// <summary>
/// What a crowd needs, from the measured <see cref="Costs"/>. Linear in hunters, submissions and frames; that it is so was seen up to <see cref="Costs.HuntersSeen"/>.
/// </summary>
/// <param name="Servers">The most of the reasons below, and one to spare in every group; 0: no number of such servers is enough.</param>
/// <param name="Groups">Of servers, each with hunts of its own.</param>
sealed record Need(
    Demand Asked, int Servers, int Groups, IReadOnlyList<Reason> Reasons, double ServerCores, double ServerBytes, double RedisBytes, double RedisJoinsPerSecond, double NetworkOutBytes, double LogBytesPerSecond, double LogBytesPerDay,
    IReadOnlyList<Strain> Strains)
{
    /// <summary>A core that is busier than this answers late.</summary>
    const double Busy = 0.7;

    const double GigabitBytes = 125e6;

    public static Need Of(Demand demand)
    {
        var submissions = demand.Hunters * demand.PerHunter;
        var frames = demand.Hunters / demand.Cadence.TotalSeconds;
        var (folding, playing) = Work(demand);
        var arriving = demand.Hunters / demand.Rush.TotalSeconds;
        var groups = (int)Math.Clamp(Math.Ceiling(Math.Max(folding / (demand.Cores * Busy / 2), arriving * Costs.GateSeconds / Busy)), 1, demand.Hunts);
        var each = Costs.ServerCores + (folding / groups);
        var room = (demand.Cores * Busy) - each;
        var joining = arriving * Costs.JoinSeconds;
        Reason[] reasons =
        [
            new("sockets", Whole(demand.Hunters / (double)demand.Sockets), "nine tenths of the files that a process may open"),
            new("playing", room > 0 ? Whole(playing / room) : 0, "processors, while all play"),
            new("arriving", room > 0 ? Whole(joining / room) : 0, "processors, while all come; a slower pace needs fewer, and the rest waits in the queue"),
        ];
        var servers = reasons.Max(reason => reason.Servers);
        var isPossible = room > 0;
        servers = isPossible ? servers + groups : 0;
        var onEach = (double)demand.Hunters / Math.Max(1, servers - groups);
        var network = (frames * Costs.FrameBytes) + (submissions * Costs.SubmissionBytes);
        var perHunt = submissions / demand.Hunts;
        Strain[] strains =
        [
            new("a scorer", perHunt / Costs.ScorerPerSecond, "one hunt is decided in one order by one core: more hunts, not more servers, take more"),
            new("a hunt's log", perHunt / Costs.LogPerSecond, "one partition a log; faster disks, or more hunts"),
            new("Redis, in the rush", arriving / groups * Costs.GateSeconds, "one core runs its scripts: a longer rush, or more hunts in more groups, each with a Redis of its own"),
            new("folding on each server", each / (demand.Cores * Busy), "every server folds every hunt, so more servers do not help: machines with more or faster cores, or more hunts in more groups"),
            new("one gigabit of each server", network / Math.Max(1, servers - groups) / GigabitBytes, "more servers, or a longer cadence"),
        ];
        return new Need(
            demand, servers, groups, reasons, Cores(demand, servers, groups), Costs.ServerBytes + (onEach * Costs.HunterBytesInRush), demand.Hunters * Costs.SeatBytes, arriving, network,
            submissions * Costs.LogBytes, submissions * Costs.LogBytes * 86_400, [.. strains.OrderByDescending(strain => strain.Share)]);
    }

    /// <summary>Cores that so many servers in so many groups take together while all play.</summary>
    public static double Cores(Demand demand, int servers, int groups)
    {
        var (folding, playing) = Work(demand);
        return (servers * (Costs.ServerCores + (folding / groups))) + playing;
    }

    /// <summary>In cores: what every server does for itself, since every server of a group folds every decision of its hunts, so that more servers do not make it less and only more groups do; and what they share.</summary>
    static (double Folding, double Playing) Work(Demand demand)
    {
        var submissions = demand.Hunters * demand.PerHunter;
        var batches = Math.Min(submissions, demand.Hunts * Costs.BatchesMost);
        return (
            (batches * Costs.BatchSeconds) + (submissions * Costs.CommandSeconds),
            (batches * Costs.DecisionSeconds) + (submissions * Costs.SubmissionSeconds) + (demand.Hunters / demand.Cadence.TotalSeconds * Costs.FrameSeconds));
    }

    /// <summary>Whether anybody has seen so many in one hunt; otherwise all is reckoned from fewer.</summary>
    public bool IsSeen => Asked.Hunters / Asked.Hunts <= Costs.HuntersSeen && Asked.Hunters <= Costs.HuntersSeen;

    static int Whole(double servers) => (int)Math.Clamp(Math.Ceiling(servers), 1, 1_000_000);

    public JsonObject ToJson() => new()
    {
        ["hunters"] = Asked.Hunters,
        ["servers"] = Servers,
        ["groups"] = Groups,
        ["servers_for"] = new JsonObject(Reasons.Select(reason => KeyValuePair.Create(reason.What, (JsonNode?)reason.Servers))),
        ["partitions"] = 2 * Asked.Hunts,
        ["server_cores"] = Math.Round(ServerCores, 2),
        ["server_bytes"] = Math.Round(ServerBytes),
        ["redis_bytes"] = Math.Round(RedisBytes),
        ["redis_joins_per_second"] = Math.Round(RedisJoinsPerSecond, 1),
        ["network_out_bytes_per_second"] = Math.Round(NetworkOutBytes),
        ["log_bytes_per_second"] = Math.Round(LogBytesPerSecond),
        ["log_bytes_per_day"] = Math.Round(LogBytesPerDay),
        ["breaks_first"] = Strains[0].What,
        ["strains"] = new JsonObject(Strains.Select(strain => KeyValuePair.Create(strain.What, (JsonNode?)Math.Round(strain.Share, 4)))),
        ["measured"] = IsSeen,
    };

    /// <summary><c>1.7 GB</c></summary>
    public static string Bytes(double bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB", "PB"];
        var unit = 0;
        for (; bytes >= 1_000 && unit < units.Length - 1; unit++) bytes /= 1_000;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes:0.#} {units[unit]}");
    }
}

/// <summary>How many servers one thing asks for.</summary>
sealed record Reason(string What, int Servers, string Why);

/// <summary>How much of what one part can do is used: above 1 it breaks.</summary>
/// <param name="Remedy">What makes it bear more.</param>
sealed record Strain(string What, double Share, string Remedy);
