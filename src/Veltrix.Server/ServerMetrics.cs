using System.Diagnostics.Metrics;

namespace Veltrix.Server;

/// <summary>Everything a server measures. The names are those of <c>docs/reference/metrics.md</c>.</summary>
public sealed class ServerMetrics : IDisposable
{
    public const string MeterName = "Veltrix.Server";

    readonly Meter meter = new(MeterName);
    readonly Counter<long> admissions;
    readonly Histogram<double> waits;
    readonly Counter<long> freezes;
    readonly Counter<long> lateBoards;
    readonly Counter<long> untaken;

    public ServerMetrics()
    {
        admissions = meter.CreateCounter<long>("veltrix.hunt.admissions", "{hunter}", "What came of hunters who wanted in.");
        waits = meter.CreateHistogram<double>("veltrix.hunt.wait", "s", "Time from the first asking for a seat to getting it.", advice: new()
        {
            HistogramBucketBoundaries = [1, 5, 15, 30, 60, 120, 300, 600, 1200, 3600],
        });
        freezes = meter.CreateCounter<long>("veltrix.hunt.freezes", "{outcome}", "Outcomes that came more than 5 s after their submission was taken: what hunters feel as a stall.");
        lateBoards = meter.CreateCounter<long>("veltrix.hunt.late_boards", "{board}", "Boards that left more than 2 s after the one before had promised, while the ledger moved.");
        untaken = meter.CreateCounter<long>("veltrix.hunt.untaken_commands", "{command}", "Commands that the log did not take, or did not say so in time: their senders were told to try again.");
    }

    public void Admitted(string hunt, TimeSpan waited)
    {
        Count(hunt, "admitted");
        waits.Record(waited.TotalSeconds, Of(hunt));
    }

    public void Queued(string hunt) => Count(hunt, "queued");

    public void Abandoned(string hunt) => Count(hunt, "abandoned");

    public void Reconnected(string hunt) => Count(hunt, "reconnected");

    public void Refused(string hunt) => Count(hunt, "refused");

    public void Froze(string hunt, long outcomes) => freezes.Add(outcomes, Of(hunt));

    public void Late(string hunt, int boards) => lateBoards.Add(boards, Of(hunt));

    public void Untaken(string hunt, int commands) => untaken.Add(commands, Of(hunt));

    /// <summary>What is read when somebody asks: sockets of the process, and how many there may be.</summary>
    public void Observe(Func<long> sockets, Func<long> most)
    {
        meter.CreateObservableGauge("veltrix.server.sockets", sockets, "{socket}", "Open WebSockets.");
        meter.CreateObservableGauge("veltrix.server.sockets.max", most, "{socket}", "How many there may be: max_connections_per_server.");
    }

    /// <summary>The same for each hunt.</summary>
    public void Observe(Func<IEnumerable<Measurement<long>>> seated, Func<IEnumerable<Measurement<long>>> waiting)
    {
        meter.CreateObservableGauge("veltrix.server.seated", seated, "{hunter}", "Hunters with a seat that are connected to this server.");
        meter.CreateObservableGauge("veltrix.server.waiting", waiting, "{hunter}", "Hunters that wait with a connection to this server.");
    }

    /// <summary>How well its log serves each hunt here.</summary>
    public void Observe(Func<IEnumerable<Measurement<double>>> outcomes, Func<IEnumerable<Measurement<double>>> silences)
    {
        meter.CreateObservableGauge("veltrix.server.outcome_p95", outcomes, "s", "95th percentile of the last 10 s from taking a submission to its outcome, of those that came in here.");
        meter.CreateObservableGauge("veltrix.server.ledger_age", silences, "s", "Time since a record of the hunt's ledger was read here; its scorer writes one a second at least.");
    }

    void Count(string hunt, string result) =>
        admissions.Add(1, Of(hunt), new KeyValuePair<string, object?>("result", result));

    /// <summary>The label by which dashboards and alerts tell hunts apart, in the metrics of all roles.</summary>
    public static KeyValuePair<string, object?> Of(string hunt) => new("hunt_id", hunt);

    public void Dispose() => meter.Dispose();
}
