using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using HdrHistogram;
using Veltrix.Gate;
using Veltrix.Governor.Sidecar;
using Veltrix.Wire.Governor;

namespace Veltrix.Bench;

/// <summary>How long an orchestrator on the same machine waits for a vote: a governor with five hunts that ticks every second, one caller, a call after the other, over the loopback.</summary>
static class GovernorRun
{
    const int Hunts = 5;
    const int WarmUp = 2_000;

    public static async Task<int> Run(int votes)
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-bench-");
        var clock = TimeProvider.System;
        var store = new StoreProbe(
            _ => Task.FromResult(new StoreMemory(500, 1_000, 550, false, null, default, "none", clock.GetTimestamp())),
            (_, _) => Task.FromResult(new GateCounts(1, false, 20_000, 300, 0, 0, ["server"], null, clock.GetTimestamp())));
        await using (var host = await GovernorHost.Start(new GovernorOptions { Folder = folder.FullName, Store = store, TicksByItself = false }, CancellationToken.None))
        {
            using var stop = new CancellationTokenSource();
            var ticking = Tick(host, stop.Token);
            using var channel = GrpcChannel.ForAddress(host.GrpcUrl);
            var client = new GovernorService.GovernorServiceClient(channel);
            var headers = new Metadata { { "authorization", $"Bearer {File.ReadAllText(host.TokenFile).Trim()}" } };
            var request = new VoteRequest { Term = 1 };
            for (var i = 0; i < Hunts; i++) request.Applied.Add(new Applied { Hunt = $"hunt-{i}", Limit = 40_000, AtMs = 1, Reason = "bench" });

            var times = new LongHistogram(TimeSpan.TicksPerSecond * 10, 3);
            for (var i = 0; i < WarmUp + votes; i++)
            {
                var began = Stopwatch.GetTimestamp();
                var answer = await client.VoteAsync(request, headers);
                if (i < WarmUp) continue;
                if (answer.Votes.Count != Hunts) throw new InvalidOperationException($"{answer.Votes.Count} votes instead of {Hunts}");
                times.RecordValue(Stopwatch.GetElapsedTime(began).Ticks);
            }

            await stop.CancelAsync();
            await ticking;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{votes:N0} votes of {Hunts} hunts: p50 {Milliseconds(times, 50):F3} ms, p95 {Milliseconds(times, 95):F3} ms, p99 {Milliseconds(times, 99):F3} ms, most {Milliseconds(times, 100):F3} ms"));
        }

        folder.Delete(recursive: true);
        return 0;
    }

    static async Task Tick(GovernorHost host, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            var report = new ReportRequest { Server = "server", AtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), Load = new ServerLoad { CpuRatio = 0.5 } };
            for (var i = 0; i < Hunts; i++) report.Hunts.Add(new HuntLoad { Hunt = $"hunt-{i}", LogLagRecords = 100, SeatedHere = 20_000 });
            host.Sidecar.Take(report);
            await host.Tick(cancel);
            await Task.Delay(TimeSpan.FromSeconds(1), cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static double Milliseconds(LongHistogram times, double percentile) => TimeSpan.FromTicks(times.GetValueAtPercentile(percentile)).TotalMilliseconds;
}
