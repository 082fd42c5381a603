using CsCheck;

namespace Veltrix.Hosting.Tests.Configuration;

public sealed class KeyTests
{
    public static TheoryData<string> Names => [.. Keys.All.Select(key => key.Name)];

    [Fact]
    public void Names_are_lower_case_words_and_each_is_declared_once()
    {
        Assert.All(Keys.All, key => Assert.Matches(@"^[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)*$", key.Name));
        Assert.Equal(Keys.All.Count, Keys.All.Select(key => key.Name).Distinct().Count());
        Assert.DoesNotContain(Keys.All, key => Keys.All.Any(other => other.Name.StartsWith(key.Name + ".", StringComparison.Ordinal)));
        Assert.DoesNotContain(Keys.All, key => key.Name is "hunts" or "settings");
        Assert.NotNull(Keys.Find("max_concurrent_hunters"));
    }

    [Fact]
    public void Every_key_says_in_a_sentence_what_it_does()
    {
        Assert.All(Keys.All, key => Assert.EndsWith(".", key.Sentence));
        Assert.DoesNotContain(Keys.All, key => key.Sentence.Contains('|'));
        Assert.All(Keys.All, key => Assert.NotEmpty(key.Unit));
    }

    [Theory, MemberData(nameof(Names))]
    public void A_default_is_allowed_and_comes_back_from_its_text(string name)
    {
        var key = Keys.Find(name)!;

        Assert.True(key.TryRead(key.DefaultText, out var value, out _));
        Assert.Equal(key.DefaultValue, value);
    }

    [Theory, MemberData(nameof(Names))]
    public void Nonsense_is_refused_with_what_is_allowed(string name)
    {
        var key = Keys.Find(name)!;
        // A name of somebody else's choosing can look like anything, but for spaces.
        foreach (var text in key.Form is FreeText ? new[] { "on off", "\u0007", " " } : ["§", "99999999999999999999d", "-1e300", "1e999", "on off"])
        {
            Assert.False(key.TryRead(text, out var value, out var fault), text);
            Assert.Null(value);
            Assert.EndsWith($"{key.RangeText} is allowed", fault);
        }
    }

    [Fact]
    public void The_defaults_keep_every_rule() => Assert.All(Rule.All, rule => Assert.True(rule.Holds(rule.Lower.DefaultValue, rule.Upper.DefaultValue), rule.Sentence));

    [Fact]
    public void Every_soft_threshold_has_its_critical_one_and_a_rule() =>
        Assert.Equal(
            Keys.All.Select(key => key.Name).Where(name => name.EndsWith(".critical", StringComparison.Ordinal)),
            Rule.All.Select(rule => rule.Upper.Name).Where(name => name.EndsWith(".critical", StringComparison.Ordinal)));

    [Fact]
    public void Whole_numbers_come_back_from_their_text() => Returns(new WholeNumber(-1_000, 1L << 44), Gen.Long[-1_000, 1L << 44]);

    [Fact]
    public void Whole_numbers_and_none_come_back_from_their_text() => Returns(new WholeNumberOrNone(0, 10_000_000), Gen.Frequency((5, Gen.Long[0, 10_000_000].Select(n => (long?)n)), (1, Gen.Const((long?)null))));

    [Fact]
    public void Numbers_come_back_from_their_text() => Returns(new Number(-1e8, 1e8), Gen.Double[-1e8, 1e8]);

    [Fact]
    public void Lengths_of_time_come_back_from_their_text() => Returns(new Span(TimeSpan.Zero, TimeSpan.FromDays(3)), Gen.Long[0, 3 * 86_400_000].Select(ms => TimeSpan.FromMilliseconds(ms)));

    [Fact]
    public void Switches_come_back_from_their_text() => Returns(new Switch(), Gen.Bool);

    [Fact]
    public void Every_example_is_allowed() => Assert.All(Keys.All.Select(key => key.Form).OfType<FreeText>(), form => Assert.True(form.TryRead(form.Example, out _, out _), form.Example));

    [Fact]
    public void Names_come_back_from_their_text()
    {
        Returns(new OneOf(Keys.PolicyNames), Draw.Any(Keys.PolicyNames));
        Returns(new SomeOf(Keys.PolicyNames), Draw.Any(Keys.PolicyNames).Array[0, 4].Select(names => string.Join(", ", names.Distinct())));
    }

    [Fact]
    public void Networks_come_back_from_their_text()
    {
        Returns(new SomeNetworks(), Gen.OneOf(
            Gen.Select(Gen.Byte.Array[4], Gen.Int[0, 32]).Select(drawn => Range(drawn.Item1, drawn.Item2)),
            Gen.Select(Gen.Byte.Array[16], Gen.Int[0, 128]).Select(drawn => Range(drawn.Item1, drawn.Item2))).Array[0, 4].Select(ranges => SomeNetworks.Of(string.Join(", ", ranges.Distinct()))));

        // The bits beyond the length are not part of a range.
        static string Range(byte[] bytes, int length)
        {
            for (var bit = length; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
            return $"{new System.Net.IPAddress(bytes)}/{length}";
        }
    }

    [Theory]
    [InlineData("10.0.0.0/8, ::1", "10.255.0.1", true)]
    [InlineData("10.0.0.0/8, ::1", "::ffff:10.0.0.1", true)]
    [InlineData("10.0.0.0/8, ::1", "11.0.0.1", false)]
    [InlineData("10.0.0.0/8, ::1", "::1", true)]
    [InlineData("10.0.0.0/8, ::1", "::2", false)]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("none", "192.0.2.8", false)]
    public void Networks_contain_what_lies_in_them(string networks, string address, bool contain) =>
        Assert.Equal(contain, SomeNetworks.Of(networks).Contain(System.Net.IPAddress.Parse(address)));

    [Fact]
    public void Whatever_can_be_read_is_written_so_that_it_reads_the_same() =>
        Gen.Select(Draw.Any([.. Keys.All]), Gen.OneOf(
            Gen.Int[-10, 100_000].Select(n => n.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            Gen.Double[0, 2].Select(x => x.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            Gen.Select(Gen.Double[0, 100], Draw.Any("ms", "s", "m", "h")).Select((n, unit) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{n:0.###}{unit}")),
            Draw.Any("on", "off", "true", "none", "1_000", "linear, static", "personal")))
        .Sample((key, text) => !key.TryRead(text, out var value, out _) || (key.TryRead(key.Write(value), out var again, out _) && Equals(value, again)));

    [Theory]
    [InlineData("max_concurrent_hunter", "max_concurrent_hunters")]
    [InlineData("MaxConcurrentHunters", "max_concurrent_hunters")]
    [InlineData("Max-Concurrent-Hunters", "max_concurrent_hunters")]
    [InlineData("max_players", "max_concurrent_hunters")]
    [InlineData("redis_memory.soft", "governor.redis_memory.soft")]
    [InlineData("governor.redis_memroy.soft", "governor.redis_memory.soft")]
    [InlineData("governor_policy", "governor.policy")]
    [InlineData("policy", "governor.policy")]
    [InlineData("board_cadense", "board_cadence")]
    [InlineData("room_weigth", "room_weight")]
    [InlineData("flux_capacitor", null)]
    [InlineData("", null)]
    public void A_name_that_is_none_leads_to_the_key_that_was_meant(string written, string? meant) => Assert.Equal(meant, KeySearch.Nearest(written)?.Name);

    [Fact]
    public void Keys_are_found_by_words_of_their_name_first_and_then_of_their_sentence()
    {
        Assert.Equal("seat.grace", KeySearch.Mentioning("grace")[0].Name);
        Assert.Contains(Keys.Brownout, KeySearch.Mentioning("grace"));
        Assert.Contains(Keys.MaxConcurrentHunters, KeySearch.Mentioning("concurrent hunters"));
        Assert.Empty(KeySearch.Mentioning("flux capacitor"));
    }

    static void Returns<T>(Notation<T> notation, Gen<T> values) =>
        values.Sample(value => notation.TryRead(notation.Write(value), out var back, out _) && Equals(value, back));
}
