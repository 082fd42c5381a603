using Veltrix.Server.Admission;

namespace Veltrix.Server.Tests.Admission;

public class DeparturesTests
{
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(60);

    [Fact]
    public void They_are_those_within_the_grace_whoever_comes_and_goes()
    {
        var chance = new Random(11);
        var departures = new Departures();
        var all = new Dictionary<string, long>();
        var now = 1_000_000L;
        for (var i = 0; i < 20_000; i++)
        {
            now += chance.Next(0, 60);
            var hunter = $"h{chance.Next(3_000)}";
            departures.Add(hunter, now, Grace);
            all[hunter] = now;
            var other = $"h{chance.Next(3_000)}";
            if (i % 1_000 == 0)
                Assert.Equal(
                    all.Where(one => now - one.Value < Grace.TotalMilliseconds).Select(one => (one.Key, Grace - TimeSpan.FromMilliseconds(now - one.Value))).Order(), departures.Left(now, Grace).Order());
            Assert.Equal(all.TryGetValue(other, out var at) && now - at <= Grace.TotalMilliseconds, departures.Within(other, now, Grace));
        }

        Assert.Equal(all.Values.Count(at => now - at <= Grace.TotalMilliseconds), departures.Count);
    }

    [Fact]
    public void None_is_forgotten_early_when_the_clock_jumps_back()
    {
        var departures = new Departures();
        departures.Add("first", 3_600_000, Grace);
        departures.Add("second", 10_000, Grace);
        Assert.True(departures.Within("first", 10_000, Grace));
        Assert.True(departures.Within("second", 10_000, Grace));
        Assert.Equal([("first", Grace), ("second", Grace)], departures.Left(10_000, Grace).Order());
    }

    /// <summary>Looking at all that are kept at each departure takes minutes here, and froze servers when a hunt of 50,000 ended.</summary>
    [Fact(Timeout = 30_000)]
    public async Task A_whole_crowd_leaves_at_once()
    {
        var departures = new Departures();
        await Task.Run(() =>
        {
            for (var i = 0; i < 500_000; i++) departures.Add($"h{i}", 1_000 + i / 1_000, Grace);
        }, TestContext.Current.CancellationToken);
        Assert.Equal(500_000, departures.Count);
    }
}
