using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Veltrix.EventLog.Embedded;

namespace Veltrix.Server.Tests;

/// <summary>What a server counts and measures of how well it serves: boards that are late, outcomes, and its logs.</summary>
public sealed class ServiceMetricsTests
{
    // Meters are the process's, and tests beside this one have servers too.
    const string Hunt = "measured";

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Boards_are_late_that_come_two_seconds_after_they_were_promised_and_only_where_something_moved()
    {
        var clock = new OffsetClock();
        await using var server = await Started(options => options with { Clock = clock });
        using var counted = new Counted();
        await using var live = await Hunter(server);
        await live.Submit(1, "a", "one");
        await live.Next("board", board => (int?)board["me"]?["score"] == 1);
        // Nothing moves, and nobody misses a board.
        clock.Advance(TimeSpan.FromSeconds(10));
        await Task.Delay(300, Cancel);
        await live.Submit(2, "b", "two");
        await live.Next("board", board => (int?)board["me"]?["score"] == 3);
        Assert.Equal(0, counted["veltrix.hunt.late_boards"]);

        // The server stands still for a moment after something moved, unless its board is faster.
        for (var seq = 3; counted["veltrix.hunt.late_boards"] == 0; seq++)
        {
            Assert.True(seq < 20, "no board is late");
            await live.Submit(seq, "c", "wrong");
            clock.Advance(TimeSpan.FromSeconds(10));
            await Task.Delay(300, Cancel);
        }
    }

    [Fact]
    public async Task The_ledger_ages_while_it_cannot_be_read_and_is_new_again_afterwards()
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-aging-");
        await using (var logs = EmbeddedLogs.Open(folder.FullName, TimeProvider.System))
        {
            var connection = new SharedLogs(logs);
            await using var server = await Started(options => options with { OpenLogs = (_, _) => connection });
            using var counted = new Counted();
            await using var live = await Hunter(server);
            await live.Submit(1, "a", "one");
            Assert.InRange(counted["veltrix.server.outcome_p95"], 0.0001, 30);
            await Until(() => counted["veltrix.server.ledger_age"] < 2);

            connection.Cut();
            await Until(() => counted["veltrix.server.ledger_age"] > 3);
            connection.Mend();
            await Until(() => counted["veltrix.server.ledger_age"] < 2);
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task What_the_log_does_not_take_is_counted()
    {
        var folder = Directory.CreateTempSubdirectory("veltrix-untaken-");
        var logs = EmbeddedLogs.Open(folder.FullName, TimeProvider.System);
        await using (var server = await Started(options => options with { OpenLogs = (_, _) => logs }))
        {
            using var counted = new Counted();
            await using var live = await Hunter(server);
            await live.Submit(1, "a", "wrong");
            Assert.Equal(0, counted["veltrix.hunt.untaken_commands"]);

            await logs.DisposeAsync();
            Assert.Equal("Unavailable", (string)(await live.Answer(await live.Send("submit", new { seq = 2, challenge = "a", answer = "one" })))["error"]!["code"]!);
            Assert.Equal(1, counted["veltrix.hunt.untaken_commands"]);
        }

        folder.Delete(recursive: true);
    }

    static async Task<TestServer> Started(Func<ServerOptions, ServerOptions> configure)
    {
        var server = await TestServer.Start(configure);
        await server.Publish(TestServer.Quiz.Replace("hunt: quiz", $"hunt: {Hunt}", StringComparison.Ordinal));
        return server;
    }

    static async Task<LiveClient> Hunter(TestServer server)
    {
        JsonNode joined;
        // A server that has just started may not know its limit yet.
        for (var left = 100; (int)(joined = await server.Join(Hunt, "Ada"))["http"]! != 201; left--)
        {
            Assert.True(left > 0, $"{joined}");
            await Task.Delay(100, Cancel);
        }

        return await server.Connect(Hunt, (string)joined["token"]!);
    }

    static async Task Until(Func<bool> holds)
    {
        for (var left = 300; !holds(); left--)
        {
            Assert.True(left > 0, "it does not get so");
            await Task.Delay(100, Cancel);
        }
    }

    /// <summary>What was counted of the hunt since this was made, and what is measured when it is asked for; 0 where there is nothing.</summary>
    sealed class Counted : IDisposable
    {
        readonly MeterListener listener = new();
        readonly Lock gate = new();
        readonly Dictionary<string, double> values = [];

        public Counted()
        {
            listener.InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == ServerMetrics.MeterName) self.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
            listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
            listener.Start();
        }

        public double this[string name]
        {
            get
            {
                listener.RecordObservableInstruments();
                lock (gate) return values.GetValueOrDefault(name);
            }
        }

        void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
                if (tag is { Key: "hunt_id", Value: Hunt })
                    lock (gate) values[instrument.Name] = instrument.IsObservable ? value : values.GetValueOrDefault(instrument.Name) + value;
        }

        public void Dispose() => listener.Dispose();
    }
}
