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

    /// <summary>In a brownout a grace need not be whole milliseconds, and less than one would count as none: as being connected.</summary>
    [Fact]
    public void A_rest_of_less_than_a_millisecond_is_none()
    {
        var departures = new Departures();
        departures.Add("ada", 0, TimeSpan.FromMilliseconds(10.4));
        Assert.Empty(departures.Left(10, TimeSpan.FromMilliseconds(10.4)));
        Assert.Single(departures.Left(9, TimeSpan.FromMilliseconds(10.4)));
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
