using System.Globalization;
using Veltrix.EventLog;
using Veltrix.EventLog.Kafka;
using Veltrix.Hunts;
using Veltrix.Server.Scoring;

namespace Veltrix.Cli.Chaos;

/// <summary>Follows in a hunt's ledger which process scores it.</summary>
sealed class ScorerWatch(KafkaOptions kafka, string hunt) : IAsyncDisposable
{
    const int RecordsAtOnce = 1024;

    static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    readonly CancellationTokenSource stop = new();
    Task watching = Task.CompletedTask;
    volatile int pid;

    /// <summary>The process that took the hunt last; 0: none yet.</summary>
    public int Pid => pid;

    /// <param name="took">Called whenever a process takes the hunt, with its id.</param>
    public void Begin(Action<int> took) => watching = Task.Run(() => Run(took));

    async Task Run(Action<int> took)
    {
        await using var logs = KafkaLogs.Open(kafka, TimeProvider.System);
        for (var after = IEventLog.Start; !stop.IsCancellationRequested;)
            try
            {
                await using var ledger = await logs.Open($"{hunt}/ledger", stop.Token);
                using var reader = ledger.Read(after);
                while (true)
                    foreach (var record in await reader.Read(RecordsAtOnce, stop.Token))
                    {
                        after = record.Position;
                        if (LedgerCodec.Decode(record.Payload) is not LedgerRecord.Took by) continue;
                        // machine:process, as servers sign.
                        pid = int.Parse(by.Writer.AsSpan(by.Writer.LastIndexOf(':') + 1), CultureInfo.InvariantCulture);
                        took(pid);
                    }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (EventLogException)
            {
                // The broker is away: part of the plan.
                await Task.Delay(Again, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await watching;
        stop.Dispose();
    }
}
