using System.Diagnostics;

namespace Veltrix.Crowd;

/// <summary>What a crowd of bots is to do.</summary>
public sealed record BotOptions
{
    /// <summary>The server, as <c>http://host:port</c>.</summary>
    public required Uri Url { get; init; }

    public required string Hunt { get; init; }

    /// <summary>The hunt's answers: <c>answers/{hunt}.json</c> of <c>veltrix up</c>.</summary>
    public required string AnswersFile { get; init; }

    public int Count { get; init; } = 50;

    /// <summary>They come within this time, most of them early.</summary>
    public TimeSpan Arrive { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long a middling bot thinks before an answer; a clever one needs half of it, a slow one twice.</summary>
    public TimeSpan Think { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Share of right answers over all bots; some know more, some less.</summary>
    public double Right { get; init; } = 0.6;

    public int Seed { get; init; } = 1;
}

/// <summary>What the bots have done so far.</summary>
/// <param name="Connected">On a live connection now, or when the hunt ended.</param>
/// <param name="Finished">Bots that have solved everything there is, and watch.</param>
public sealed record BotReport(int Bots, int Connected, long Submitted, long Decided, long Right, int Finished);

/// <summary>Plays a hunt with a crowd that behaves like people: they come one after another, think, guess wrong, try again, and watch when they are done.</summary>
public static class Bots
{
    const int HttpConnections = 8;
    static readonly TimeSpan ReportEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Plays until cancelled or until the hunt is closed. A server that is away for a while is waited for.</summary>
    /// <exception cref="CrowdException">It could not begin: files, or no such hunt.</exception>
    public static async Task<BotReport> Run(BotOptions options, IProgress<BotReport>? progress, CancellationToken cancel)
    {
        var book = AnswerBook.Read(options.AnswersFile);
        if (book.Hunt != options.Hunt)
            throw new CrowdException($"{options.AnswersFile}: these are the answers of hunt '{book.Hunt}', and the bots are to play '{options.Hunt}'.");
        using var http = new HuntHttp([options.Url], HttpConnections);
        HuntHttp.HuntInfo hunt;
        LiveAddress address;
        try
        {
            hunt = await http.Hunt(options.Hunt, cancel);
            address = await LiveAddress.Resolve(options.Url, options.Hunt, cancel);
        }
        catch (Exception e) when (e is HttpRefusedException or HttpRequestException or IOException)
        {
            throw new CrowdException($"{options.Url}: hunt '{options.Hunt}' cannot be reached: {e.Message}", e);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var crowd = new BotCrowd(options.Count, over);
        var joining = new Joining(http, options.Hunt, hunt.TeamSize ?? 1, options.Count, Nicknames.Of, static _ => { }, [address]);
        var bots = Enumerable.Range(0, options.Count).Select(i => new Bot(i, options, crowd)).ToArray();
        var lives = bots.Select(bot => bot.Live(joining, book, address, over.Token)).ToArray();
        using var ticks = new PeriodicTimer(ReportEvery);
        try
        {
            while (await ticks.WaitForNextTickAsync(over.Token))
            {
                foreach (var bot in bots)
                    bot.Look(Stopwatch.GetTimestamp());
                progress?.Report(crowd.Report());
            }
        }
        catch (OperationCanceledException)
        {
        }

        await Task.WhenAll(lives);
        return crowd.Report();
    }
}

/// <summary>What the bots of a crowd have in common: their counts, and the hunt's phase. Any thread.</summary>
/// <param name="over">Cancelled when the hunt is closed.</param>
sealed class BotCrowd(int bots, CancellationTokenSource over) : ICrowd
{
    int connected;
    long submitted;
    long decided;
    long right;
    int finished;
    volatile string phase = "scheduled";

    public bool IsOpen => phase == "open";

    public BotReport Report() => new(bots, Volatile.Read(ref connected), Interlocked.Read(ref submitted), Interlocked.Read(ref decided),
        Interlocked.Read(ref right), Volatile.Read(ref finished));

    public void Submitted() => Interlocked.Increment(ref submitted);

    public void Finished() => Interlocked.Increment(ref finished);

    public void Welcomed(Hunter hunter, Welcome welcome, long now)
    {
        Interlocked.Increment(ref connected);
        PhaseChanged(hunter, welcome.Phase);
    }

    public void PhaseChanged(Hunter hunter, string phase)
    {
        this.phase = phase;
        if (phase == "closed")
            _ = over.CancelAsync(); // not on this thread: it belongs to a connection that is about to be let go
    }

    public void Acknowledged(Hunter hunter, Submission submission)
    {
    }

    public void OutcomeArrived(Hunter hunter, Submission submission, in Outcome outcome, long now)
    {
        Interlocked.Increment(ref decided);
        if (outcome.Verdict == Verdict.Correct)
            Interlocked.Increment(ref right);
    }

    public void BoardArrived(Hunter hunter, BoardTick tick, long now)
    {
    }

    public void Noticed(Hunter hunter, string what)
    {
    }

    public void FrameRefused(Hunter hunter, FrameError error)
    {
    }

    public void Parted(Hunter hunter, Farewell farewell, LiveConnection? connection, bool welcomed, TimeSpan? backAfter)
    {
        if (welcomed)
            Interlocked.Decrement(ref connected);
    }
}
