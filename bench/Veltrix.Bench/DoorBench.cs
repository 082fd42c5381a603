using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Veltrix.Gate;
using Veltrix.Hosting;
using Veltrix.Server;
using Veltrix.Server.Live;
using Veltrix.Server.Admission;

namespace Veltrix.Bench;

/// <summary>"Is it worth asking for a seat": what every join costs before anything else, with a real turnstile that knows its limit. The promise is 50 ns.</summary>
[MemoryDiagnoser]
public class DoorBench
{
    Bench bench = null!;

    [GlobalSetup]
    public void Setup() => bench = Bench.Open().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void Cleanup() => bench.DisposeAsync().AsTask().GetAwaiter().GetResult();

    [Benchmark]
    public bool IsOpen() => bench.Turnstile.IsOpen;

    sealed class Bench : IAsyncDisposable
    {
        public required string Folder { get; init; }

        public required GateStore Store { get; init; }

        public required LiveHunt Hunt { get; init; }

        public required Turnstile Turnstile { get; init; }

        public static async Task<Bench> Open()
        {
            var folder = Directory.CreateTempSubdirectory("veltrix-bench-").FullName;
            var logs = DataFolder.OpenLogs(folder, TimeProvider.System);
            var store = await GateStore.Open(new GateStoreOptions(), default);
            var house = new Admissions(store, Settings.Defaults, Keyring.Open(folder), isGoverned: false, TimeProvider.System, NullLogger.Instance);
            var hunt = await LiveHunt.Start("bench", logs, folder, TimeProvider.System, new Settings(), () => new LiveService(1000, null, null), NullLogger.Instance, default);
            const string Definition = "hunt: bench\ntitle: Bench\nchallenges:\n  - { id: a, points: 1, answers: [one] }\n";
            await hunt.Play(new(new("", "bench", 1), "bench", "", null, new Veltrix.Hunts.Command.Publish(Definition, false)), default);
            await house.Of(hunt).BeReady();
            return house.Of(hunt).IsOpen ? new Bench { Folder = folder, Store = store, Hunt = hunt, Turnstile = house.Of(hunt) } : throw new InvalidOperationException(house.Of(hunt).WhyClosed);
        }

        public async ValueTask DisposeAsync()
        {
            await Hunt.DisposeAsync();
            await Store.DisposeAsync();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
