using System.Diagnostics;

namespace Veltrix.Crowd;

/// <summary>
/// One process's part of a load run:
/// <list type="number">
/// <item><see cref="Prepare"/>: answers, limits, the hunt as the server has it.</item>
/// <item><see cref="Arrive"/>: the hunters join and connect over the ramp.</item>
/// <item><see cref="Play"/>: the timed part; submissions at an even pace, whatever the server does.</item>
/// <item><see cref="Settle"/>: until everything acknowledged is decided, at most <see cref="LoadOptions.Settle"/>.</item>
/// <item><see cref="Depart"/>: everybody says goodbye.</item>
/// <item><see cref="Audit"/>: the ledger against the acknowledgements.</item>
/// </list>
/// Cancelling ends arriving and playing early; the rest is done all the same, so that there is always a tally.
/// </summary>
sealed class LoadRun
{
    const int HttpConnections = 128;
    const string Instance = "load";
    const int BoardRows = 10;

    /// <summary>How long after the ramp's end the last arrivals are waited for.</summary>
    static readonly TimeSpan StragglerLimit = TimeSpan.FromSeconds(30);

    /// <summary>The same for a run that somebody has cancelled and waits for.</summary>
    static readonly TimeSpan SettleLimitCancelled = TimeSpan.FromSeconds(2);

    static readonly TimeSpan AuditLimit = TimeSpan.FromMinutes(2);
    static readonly TimeSpan AuditAgain = TimeSpan.FromSeconds(1);
    static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>How often each hunter looks whether its server still speaks.</summary>
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    readonly LoadOptions options;
    readonly IProgress<LoadProgress>? progress;
    readonly AnswerBook book;
    readonly string auditKey;
    readonly Arrivals arrivals;
    readonly LedgerAudit audit = new();
    readonly HuntHttp http;
    readonly Hunter?[] hunters;
    readonly List<Task> lives;
    readonly float[] rightDue;
    readonly Random chance; // of the thread that plays
    long notYetIn; // turns of hunters who were still waiting to be let in; of the same thread

    LoadMeter meter = null!;
    Joining joining = null!;
    string phase = "joining";
    Func<double> phaseShare = () => 0;

    LoadRun(LoadOptions options, IProgress<LoadProgress>? progress)
    {
        this.options = options;
        this.progress = progress;
        book = AnswerBook.Read(options.AnswersFile);
        if (book.Hunt != options.Hunt)
            throw new CrowdException($"{options.AnswersFile}: these are the answers of hunt '{book.Hunt}', and the load is for '{options.Hunt}'.");
        auditKey = options.AuditKey ?? book.AuditKey
            ?? throw new CrowdException($"{options.AnswersFile}: has no \"audit_key\", and without one nobody can check that nothing was lost. Give a key of scope audit.");
        arrivals = options.ArrivalsFile is { } file ? Arrivals.Read(file) : Arrivals.Even;
        chance = new Random(options.Seed);
        http = new HuntHttp([options.Url, .. options.MoreUrls], HttpConnections);
        hunters = new Hunter?[options.Hunters];
        lives = new List<Task>(options.Hunters);
        rightDue = new float[options.Hunters];
        foreach (ref float due in rightDue.AsSpan())
            due = chance.NextSingle();
    }

    public static async Task<LoadTally> Run(LoadOptions options, IProgress<LoadProgress>? progress, CancellationToken cancel)
    {
        var run = new LoadRun(options, progress);
        using var http = run.http;
        using var receipts = options.ReceiptsFile is { } file ? new Receipts(file) : null;
        run.meter = new LoadMeter(options.Hunters, run.audit, receipts, options.Noticed);
        return await run.Run(cancel);
    }

    async Task<LoadTally> Run(CancellationToken cancel)
    {
        var (servers, teamSize) = await Prepare(cancel);
        using var life = new CancellationTokenSource();
        var watch = Watch(life.Token);

        TimeSpan ramp;
        (long Asked, TimeSpan Time, TimeSpan Cpu) played;
        if (options.PlayWhileArriving)
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var arriving = Arrive(servers, teamSize, life.Token, end.Token);
            played = await Play(options.Ramp + options.Duration, cancel);
            await end.CancelAsync();
            await arriving;
            ramp = options.Ramp;
        }
        else
        {
            ramp = await Arrive(servers, teamSize, life.Token, cancel);
            played = await Play(options.Duration, cancel);
        }

        await Settle(cancel.IsCancellationRequested ? SettleLimitCancelled : options.Settle);
        await Depart(life);
        await watch;

        var tally = meter.Tally();
        tally.Asked = played.Asked;
        tally.Waited = joining.Waited;
        tally.RampSeconds = ramp.TotalSeconds;
        tally.Seconds = played.Time.TotalSeconds;
        tally.CpuSeconds = played.Cpu.TotalSeconds;
        await Audit(tally);
        return tally;
    }

    async Task<(IReadOnlyList<LiveAddress> Servers, int TeamSize)> Prepare(CancellationToken cancel)
    {
        OpenFiles.Check(options.Hunters, 1, OpenFiles.Limit());
        try
        {
            var hunt = await http.Hunt(options.Hunt, cancel);
            if (hunt.Phase != "open")
                throw new CrowdException($"{options.Url}: hunt '{options.Hunt}' is {hunt.Phase}, not open. Open it with `veltrix hunt open {options.Hunt}`.");
            return (await Task.WhenAll(options.MoreUrls.Prepend(options.Url).Select(url => LiveAddress.Resolve(url, options.Hunt, cancel))), hunt.TeamSize ?? 1);
        }
        catch (Exception e) when (e is HttpRefusedException or HttpRequestException or IOException)
        {
            throw new CrowdException($"{options.Url}: hunt '{options.Hunt}' cannot be reached: {e.Message}", e);
        }
    }

    async Task<TimeSpan> Arrive(IReadOnlyList<LiveAddress> servers, int teamSize, CancellationToken life, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(options.PlayWhileArriving ? options.Ramp + options.Duration : options.Ramp + StragglerLimit);
        joining = new Joining(http, options.Hunt, teamSize, options.Hunters, i => $"Load {options.FirstHunter + i + 1}", meter.Count, servers);
        var entries = new List<Task>(options.Hunters);
        long began = Stopwatch.GetTimestamp();
        phaseShare = () => Math.Min(1, (double)entries.Count / options.Hunters);
        try
        {
            for (int i = 0; i < options.Hunters; i++)
            {
                var wait = arrivals.At(i, options.Hunters, options.Ramp) - Stopwatch.GetElapsedTime(began);
                if (wait > TimeSpan.FromMilliseconds(1))
                    await Task.Delay(wait, late.Token);
                entries.Add(Enter(i, joining, servers, life, late.Token));
            }

            var left = options.Ramp - Stopwatch.GetElapsedTime(began);
            if (left > TimeSpan.Zero)
                await Task.Delay(left, late.Token);
            await Task.WhenAll(entries);
            while (!late.IsCancellationRequested && hunters.Any(h => h is not null && !h.Ready))
                await Task.Delay(20, late.Token);
        }
        catch (OperationCanceledException)
        {
            // Whoever is not there by now plays when it comes; its turns until then are counted as not sent.
            await Task.WhenAll(entries);
        }

        return Stopwatch.GetElapsedTime(began);
    }

    async Task Enter(int i, Joining joining, IReadOnlyList<LiveAddress> servers, CancellationToken life, CancellationToken late)
    {
        if (await joining.Join(i, late) is not { } joined)
            return;
        audit.Expect(joined.Hunter, Instance);
        var hunter = new Hunter(meter, i, joined.Hunter, joined.Token, Instance, book, servers, options.FirstHunter + i, BoardRows);
        hunters[i] = hunter;
        var run = Task.Run(() => hunter.Run(life), CancellationToken.None);
        lock (lives)
            lives.Add(run);
    }

    async Task<(long Asked, TimeSpan Time, TimeSpan Cpu)> Play(TimeSpan duration, CancellationToken cancel)
    {
        var pace = new Pace(options.Hunters, options.Rate, duration, options.Seed);
        long began = Stopwatch.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        phase = "playing";
        phaseShare = () => Math.Min(1, Stopwatch.GetElapsedTime(began) / duration);
        // A thread of its own: the pool may be busy with frames, and a late turn would be a gap in the load just when the server is slow.
        await Task.Factory.StartNew(
            () =>
            {
                for (var elapsed = TimeSpan.Zero; elapsed < duration && !cancel.IsCancellationRequested; elapsed = Stopwatch.GetElapsedTime(began))
                {
                    while (pace.TryNext(elapsed, out int i))
                        TakeTurn(i);
                    Thread.Sleep(1);
                }

                while (!cancel.IsCancellationRequested && pace.TryNext(duration, out int i))
                    TakeTurn(i);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return (pace.Total - notYetIn, Stopwatch.GetElapsedTime(began), Environment.CpuUsage.TotalTime - cpu);
    }

    void TakeTurn(int i)
    {
        if (hunters[i] is not { } hunter)
        {
            if (options.PlayWhileArriving) notYetIn++;
            else meter.TurnMissed();
            return;
        }

        // A debt carried from turn to turn instead of a coin: also a short run has its share of right answers.
        bool right = rightDue[i] + options.Right >= 1;
        var submission = hunter.Submit(chance.Next(book.Challenges.Count), right, Serial(i, hunter));
        if (submission is null)
        {
            meter.TurnMissed();
            return;
        }

        rightDue[i] += (float)options.Right - (submission.Guess.Right ? 1 : 0);
        meter.TurnTaken(hunter, submission);
    }

    long Serial(int i, Hunter hunter) => ((long)hunter.LastSeq << 24) + options.FirstHunter + i;

    async Task Settle(TimeSpan limit)
    {
        phase = "settling";
        phaseShare = () => meter.Submitted == 0 ? 1 : (double)meter.Decided / meter.Submitted;
        for (long began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < limit; await Task.Delay(20))
        {
            if (hunters.All(h => h is null || h.Pending == 0))
                break;
        }

        meter.Sweep(Stopwatch.GetTimestamp());
        foreach (var hunter in hunters.Where(h => h is { Waits: true }))
            meter.Noticed(hunter!, "SeatLost");
    }

    async Task Depart(CancellationTokenSource life)
    {
        meter.Departing();
        foreach (var hunter in hunters)
            meter.AddBytes(hunter?.Leave());
        await life.CancelAsync();
        await Task.WhenAll(lives);
    }

    async Task Audit(LoadTally tally)
    {
        phase = "auditing";
        phaseShare = () => 0;
        Report();
        using var limit = new CancellationTokenSource(AuditLimit);
        try
        {
            await audit.Read(cancel => http.Ledger(options.Hunt, auditKey, cancel), AuditAgain, limit.Token);
            (tally.Lost, tally.Doubled) = (audit.Lost, audit.Doubled);
        }
        catch (Exception e) when (e is HttpRefusedException or OperationCanceledException)
        {
            tally.AuditFault = e is OperationCanceledException ? $"not read to its end within {AuditLimit.TotalMinutes} minutes{(e.InnerException is { } why ? $": {why.Message}" : "")}" : e.Message;
        }
    }

    /// <summary>Looks after stalls and silent servers and shows progress, as long as the hunters live.</summary>
    async Task Watch(CancellationToken life)
    {
        long looked = Stopwatch.GetTimestamp();
        using var ticks = new PeriodicTimer(WatchEvery);
        try
        {
            while (await ticks.WaitForNextTickAsync(life))
            {
                long now = Stopwatch.GetTimestamp();
                meter.Sweep(now);
                if (Stopwatch.GetElapsedTime(looked, now) >= LookEvery)
                {
                    looked = now;
                    foreach (var hunter in hunters)
                        hunter?.Look(now);
                }

                Report();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    void Report() => progress?.Report(new LoadProgress(phase, phaseShare(), meter.ConnectedNow, meter.Submitted, meter.Decided));
}
