using System.Globalization;
using System.Text.Json;

namespace Veltrix.Crowd;

/// <summary>
/// What a load run found. Times are by the client's clock, from just before the send to the outcome's frame parsed, of all submissions after the ramp.
/// The members down to <see cref="BytesOut"/> are what other programs rely on, in this order.
/// </summary>
public sealed record LoadReport
{
    public int Hunters { get; init; }

    /// <summary>Hunters that were welcomed on a live connection.</summary>
    public int Connected { get; init; }

    public long Submitted { get; init; }

    /// <summary>Of those, acknowledged as durable; an outcome implies it.</summary>
    public long Acknowledged { get; init; }

    public long Decided { get; init; }

    /// <summary>Of those, decided as correct.</summary>
    public long Right { get; init; }

    /// <summary>Acknowledged, but not in the ledger after the end; null where the ledger could not be read.</summary>
    public long? Lost { get; init; }

    /// <summary>Commands with more than one record in the ledger; null where it could not be read.</summary>
    public long? Doubled { get; init; }

    /// <summary>Outcomes not there after 5 s, and board frames later than their <c>next_ms</c> + 2 s while the ledger moved.</summary>
    public long Stalls { get; init; }

    public double? P50Ms { get; init; }

    public double? P95Ms { get; init; }

    public double? P99Ms { get; init; }

    public double? MaxMs { get; init; }

    /// <summary>From the send of a submission to the first board on another connection of the same process that shows it.</summary>
    public double? SeenP95Ms { get; init; }

    /// <summary>Length of the timed part.</summary>
    public double Seconds { get; init; }

    /// <summary>Bytes of the live connections, ramp included.</summary>
    public long BytesIn { get; init; }

    public long BytesOut { get; init; }

    /// <summary>What the percentiles are taken over, in words.</summary>
    public string Window { get; init; } = "";

    public long Asked { get; init; }

    /// <summary>Not sent, because the hunter whose turn it was had no connection.</summary>
    public long Unsent { get; init; }

    /// <summary>Sent by hunters that had nothing left to solve.</summary>
    public long Exhausted { get; init; }

    /// <summary>Outcomes with the verdict <c>refused</c>.</summary>
    public long Refused { get; init; }

    public long OutcomeStalls { get; init; }

    public long FrameStalls { get; init; }

    public long Reconnects { get; init; }

    /// <summary>Hunters that did not get a seat at once and went into the waiting room.</summary>
    public int Waited { get; init; }

    /// <summary>Board frames received, ramp included.</summary>
    public long Frames { get; init; }

    /// <summary>Processor time that the crowd itself took in the timed part.</summary>
    public double CpuSeconds { get; init; }

    public double RampSeconds { get; init; }

    public int Processes { get; init; }

    /// <summary>Refused frames, joins and connections, refusals of submissions and lost connections, by code.</summary>
    public IReadOnlyDictionary<string, long> Errors { get; init; } = new Dictionary<string, long>();

    /// <summary>Stalls by the second in which they were noticed, in UTC, as the lines of all logs are; seconds without any are left out.</summary>
    public IReadOnlyDictionary<string, long> StalledAt { get; init; } = new Dictionary<string, long>();

    public bool Passed { get; init; }

    /// <summary>Why it passed or not, in a sentence.</summary>
    public string Verdict { get; init; } = "";

    /// <summary>One line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CrowdJson.Options);

    internal static LoadReport Of(LoadTally tally, int processes)
    {
        var latency = new Latencies();
        latency.Import(tally.Latency);
        var seen = new Latencies();
        seen.Import(tally.Seen);
        var (passed, verdict) = Judge(tally);
        return new LoadReport
        {
            Hunters = tally.Hunters,
            Connected = tally.Connected,
            Submitted = tally.Submitted,
            Acknowledged = tally.Acknowledged,
            Decided = tally.Decided,
            Right = tally.Right,
            Lost = tally.Lost,
            Doubled = tally.Doubled,
            Stalls = tally.OutcomeStalls + tally.FrameStalls,
            P50Ms = latency.PercentileMs(50),
            P95Ms = latency.PercentileMs(95),
            P99Ms = latency.PercentileMs(99),
            MaxMs = latency.PercentileMs(100),
            SeenP95Ms = seen.PercentileMs(95),
            Seconds = Math.Round(tally.Seconds, 3),
            BytesIn = tally.BytesIn,
            BytesOut = tally.BytesOut,
            Window = Invariant($"all {tally.Submitted:N0} submissions of the {tally.Seconds:0.0} s after a ramp of {tally.RampSeconds:0.0} s, by the client's clock"),
            Asked = tally.Asked,
            Unsent = tally.Unsent,
            Exhausted = tally.Exhausted,
            Refused = tally.Refused,
            OutcomeStalls = tally.OutcomeStalls,
            FrameStalls = tally.FrameStalls,
            Reconnects = tally.Reconnects,
            Waited = tally.Waited,
            Frames = tally.Frames,
            CpuSeconds = Math.Round(tally.CpuSeconds, 3),
            RampSeconds = Math.Round(tally.RampSeconds, 3),
            Processes = processes,
            Errors = tally.Errors,
            StalledAt = tally.StalledAt,
            Passed = passed,
            Verdict = verdict,
        };
    }

    static (bool Passed, string Sentence) Judge(LoadTally tally)
    {
        var faults = new List<string>();
        if (tally.Lost > 0)
            faults.Add(Invariant($"{tally.Lost:N0} acknowledged submissions are not in the ledger"));
        if (tally.Doubled > 0)
            faults.Add(Invariant($"{tally.Doubled:N0} commands are in the ledger more than once"));
        if (tally.Lost is null || tally.Doubled is null)
            faults.Add($"the ledger could not be read, so nobody knows what was lost ({tally.AuditFault ?? "no reason known"})");
        if (tally.Submitted < 0.95 * tally.Asked)
            faults.Add(Invariant($"only {tally.Submitted:N0} of {tally.Asked:N0} submissions were sent, less than 95 %"));
        return faults.Count > 0
            ? (false, $"Failed: {string.Join("; ", faults)}.")
            : (true, Invariant($"Passed: {tally.Submitted:N0} of {tally.Asked:N0} submissions sent, {tally.Acknowledged:N0} acknowledged, each once in the ledger."));
    }

    static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
