using System.Diagnostics;
using System.Globalization;
using Veltrix.Crowd;
using Veltrix.Hosting;

namespace Veltrix.Cli.Chaos;

/// <summary>
/// Breaks a cluster under load, and checks that nobody noticed more than a pause:
/// <list type="number">
/// <item>A <see cref="Battlefield"/> with a hunt whose limit is below the crowd, so that a seat too many would be seen.</item>
/// <item>The crowd arrives and plays; its load run is the model that knows every acknowledged command.</item>
/// <item>The faults of the <see cref="FaultPlan"/>, one after another.</item>
/// <item>All heals; the crowd waits for its last outcomes.</item>
/// <item><see cref="Check"/>: each promise by its own checker.</item>
/// </list>
/// </summary>
sealed class ChaosRun(ChaosOptions options, Terminal terminal)
{
    static readonly TimeSpan Ramp = TimeSpan.FromSeconds(20);

    /// <summary>At the end nothing is broken any more, and everybody goes on playing.</summary>
    static readonly TimeSpan Quiet = TimeSpan.FromSeconds(20);

    static readonly TimeSpan HealWithin = TimeSpan.FromSeconds(60);

    /// <summary>Submissions a second of each hunter.</summary>
    const double Rate = 0.1;

    /// <summary>Share of the crowd that there are seats for.</summary>
    const double Room = 0.95;

    /// <summary>Its own connection, and the two halves of the wire that carries it.</summary>
    const int FilesPerHunter = 3;

    /// <summary>For all else: other wires, logs, libraries.</summary>
    const int FilesSpare = 1_000;

    readonly SortedDictionary<string, int> done = new(FaultKind.All.ToDictionary(kind => kind, _ => 0), StringComparer.Ordinal);
    readonly Stopwatch time = new();
    // Of the thread that follows the ledger, until it ends.
    int takeOvers;

    public async Task<ChaosReport> Run(CancellationToken cancel)
    {
        RefuseTooMany();
        var plan = FaultPlan.Of(options.Seed, options.Time - Ramp - Quiet);
        var folder = Directory.CreateTempSubdirectory("veltrix-chaos-");
        try
        {
            await using var field = await Battlefield.Prepare(options, folder.FullName, Settings(), cancel);
            var hunt = HuntText.Read(Path.Combine(AppContext.BaseDirectory, "examples", "capitals.yml"), terminal);
            await field.Cluster.Publish(hunt, cancel);
            return await Play(field, new DataHome(folder.FullName), hunt.Result.Definition!.Id, plan, cancel);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    void RefuseTooMany()
    {
        var needed = (options.Hunters * FilesPerHunter) + FilesSpare;
        if (MachineLimits.OpenFiles is { } limit && needed > limit)
            throw new CliException(
                ExitCode.Refused, $"{options.Hunters:N0} hunters and their wires need {needed:N0} open files, and the limit of this process is {limit:N0}.", $"Raise it with `ulimit -n {needed}` (as root: -H too), or give fewer --hunters.");
    }

    // The machine plays the whole crowd and all roles, and how busy it is should lower no limit.
    string Settings() => string.Create(CultureInfo.InvariantCulture, $"""
        max_concurrent_hunters: {(int)(Room * options.Hunters)}
        first_window_ratio: 0.45
        gate.audit: on
        governor.cpu.soft: 1
        governor.outcome_seconds.soft: 50
        governor.outcome_seconds.critical: 500
        governor.log_lag_seconds.soft: 500
        governor.log_lag_seconds.critical: 3000

        """);

    async Task<ChaosReport> Play(Battlefield field, DataHome home, string hunt, IReadOnlyList<PlannedFault> plan, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var grants = new GrantWatch(field.Store.Hunt(hunt));
        var watching = grants.Run(over.Token);
        var urls = field.HunterUrls;
        time.Start();
        field.WatchScorers(hunt, server =>
        {
            takeOvers++;
            Tell($"{server} scores");
        });
        var loading = Load.Run(
            new LoadOptions
            {
                Url = urls[0], MoreUrls = [.. urls.Skip(1)], Hunt = hunt, AnswersFile = home.AnswersFile(hunt), Hunters = options.Hunters, Ramp = Ramp, Duration = options.Time - Ramp,
                PlayWhileArriving = true, Rate = Rate, Settle = HealWithin, Seed = options.Seed, ReceiptsFile = options.ReceiptsFile, Noticed = Tell,
            }, null, cancel);
        var breaking = Break(field, plan, over.Token);
        LoadReport load;
        try
        {
            // One that is cancelled settles first, and nobody wants to know any more.
            load = await loading.WaitAsync(cancel);
            await breaking;
        }
        finally
        {
            await over.CancelAsync();
            // What is still being healed would be in the way of whoever takes it down.
            await Task.WhenAll(breaking, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await grants.Look(cancel);
        return await Check(field, hunt, load, grants, cancel);
    }

    async Task Break(Battlefield field, IReadOnlyList<PlannedFault> plan, CancellationToken cancel)
    {
        await Task.Delay(Ramp, cancel);
        var began = Stopwatch.GetTimestamp();
        var healing = new List<Task>();
        try
        {
            foreach (var fault in plan)
            {
                if (fault.At - Stopwatch.GetElapsedTime(began) is { Ticks: > 0 } wait) await Task.Delay(wait, cancel);
                Tell(fault.Kind);
                done[fault.Kind]++;
                healing.Add(field.Do(fault, cancel));
            }
        }
        finally
        {
            await Task.WhenAll(healing);
        }
    }

    void Tell(string what) => terminal.Say($"{time.Elapsed.TotalSeconds,5:0} s  {what}");

    async Task<ChaosReport> Check(Battlefield field, string hunt, LoadReport load, GrantWatch grants, CancellationToken cancel)
    {
        using var checker = new Checker(field, hunt);
        var began = Stopwatch.GetTimestamp();
        var lag = await checker.LagWithin(HealWithin, cancel);
        var boards = await checker.BoardsDiffer(HealWithin, cancel);
        var healed = Stopwatch.GetElapsedTime(began).TotalSeconds;
        long evicted = load.Errors.GetValueOrDefault("SeatLost"), gaps = load.Errors.GetValueOrDefault("OutcomeGap");
        var broken = new List<string>();
        Expect(load.Lost == 0, $"{load.Lost?.ToString(CultureInfo.InvariantCulture) ?? "nobody knows how many"} acknowledged submissions are lost");
        Expect(load.Doubled == 0, $"{load.Doubled?.ToString(CultureInfo.InvariantCulture) ?? "nobody knows how many"} submissions count twice");
        Expect(load.Acknowledged > 0, "nothing was acknowledged, so nothing was tried");
        Expect(grants.Overshoot == 0, $"{grants.Overshoot} seats were given above the limit");
        Expect(grants.Granted > 0, "no grant of a seat was seen, so nobody knows about overshoot");
        Expect(evicted == 0, $"{evicted} hunters lost a seat that they held");
        Expect(gaps == 0, $"{gaps} outcomes arrived out of order");
        Expect(boards is null, $"the boards are not the same: {boards}");
        Expect(lag == 0, $"{lag?.ToString(CultureInfo.InvariantCulture) ?? "nobody knows how many"} commands are still not decided");
        foreach (var kind in FaultKind.All) Expect(done[kind] > 0, $"no {kind} was done");
        return new ChaosReport(
            options.Seed, load.Acknowledged, load.Lost ?? -1, load.Doubled ?? -1, grants.Overshoot, evicted, gaps, boards is null, lag, grants.Granted, takeOvers, load.Stalls, load.P95Ms, healed, done, broken);

        void Expect(bool holds, string otherwise)
        {
            if (!holds) broken.Add(otherwise);
        }
    }
}
