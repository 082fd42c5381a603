using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Veltrix.EventLog.Embedded;
using Veltrix.Hosting;
using Veltrix.Hunts;
using Veltrix.Server;
using Veltrix.Server.Live;

namespace Veltrix.Bench;

/// <summary>Commands → submissions log → scorer → ledger → fold and board, durable, without sockets: one hunt, one process.</summary>
public static class PipelineRun
{
    const int Hunters = 20_000;
    const int Challenges = 200;
    const int Batch = 500;

    public static async Task<int> Run(int commands)
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-bench-").FullName;
        try
        {
            await using var logs = EmbeddedLogs.Open(folder, TimeProvider.System);
            var hunt = await LiveHunt.Start("bench", logs, folder, TimeProvider.System, new Settings(), () => new LiveService(1000, null, null), NullLogger.Instance, default);
            await hunt.Play(Envelope.Of(new CommandId("", "publish", 1), new Command.Publish(Definition(), false)), default);
            await hunt.Play(Envelope.Of(new CommandId("", "open", 1), new Command.Open()), default);
            await Send(hunt, Enumerable.Range(0, Hunters).Select(h => Envelope.Of(new CommandId($"hunter{h}", "i", 1), new Command.Join($"Hunter {h}", new TeamChoice.Alone()))));

            var random = new Random(42);
            // Made while they are sent, so that they die young, as a gateway's do.
            var submissions = Enumerable.Range(0, commands).Select(n => Envelope.Of(
                new CommandId($"hunter{n % Hunters}", "i", 2 + n / Hunters), new Command.Submit($"c{random.Next(Challenges)}", random.Next(2) == 0 ? "right" : "wrong")));

            var cpu = Process.GetCurrentProcess().TotalProcessorTime;
            var watch = Stopwatch.StartNew();
            await Send(hunt, submissions);
            var seconds = watch.Elapsed.TotalSeconds;
            cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;

            var (teams, solved) = hunt.View.Read((state, board) => (board.Count, state.Teams.Sum(t => t.SolvedCount)));
            Console.WriteLine($"{commands:N0} commands decided, folded and ranked in {seconds:F2} s: {commands / seconds:N0}/s; {cpu.TotalSeconds / commands * 1e6:F1} µs of CPU each; GC {GC.CollectionCount(0)}/{GC.CollectionCount(1)}/{GC.CollectionCount(2)}, paused {GC.GetTotalPauseDuration().TotalSeconds:F2} s; {teams:N0} teams, {solved:N0} solves");
            await hunt.DisposeAsync();
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Appends in batches, as many callers would, and waits until the last is folded.</summary>
    static async Task Send(LiveHunt hunt, IEnumerable<Envelope> envelopes)
    {
        var last = 0L;
        var appends = new Queue<Task<long>>();
        foreach (var batch in envelopes.Chunk(Batch))
        {
            appends.Enqueue(hunt.Append(batch));
            if (appends.Count > 40) last = await appends.Dequeue();
        }

        while (appends.TryDequeue(out var append)) last = await append;
        while (hunt.View.Decided < last) await Task.Delay(1);
    }

    static string Definition()
    {
        var yaml = new StringBuilder("hunt: bench\ntitle: Bench\nchallenges:\n");
        for (var c = 0; c < Challenges; c++) yaml.Append($"  - {{ id: c{c}, points: {1 + c % 10}, answers: [right] }}\n");
        return yaml.ToString();
    }
}
