using System.Text;
using CsCheck;

namespace Veltrix.Hunts.Tests.Definitions;

public sealed class NicknameTests
{
    [Theory]
    [InlineData("Ada")]
    [InlineData("Ada Lovelace")]
    [InlineData("x")]
    [InlineData("'; DROP TABLE teams; --")]
    [InlineData("<b>Ada</b>")]
    [InlineData("Jürgen Groß")]
    [InlineData("Ångström")]
    [InlineData("Владимир")]
    [InlineData("Ἀλέξανδρος")]
    [InlineData("שָׁלוֹם")]
    [InlineData("محمد")]
    [InlineData("می‌خواهم")] // Persian, with a zero-width non-joiner
    [InlineData("ශ්‍රී ලංකා")] // Sinhala, with a zero-width joiner
    [InlineData("हिन्दी")]
    [InlineData("ที่นี่")]
    [InlineData("山田太郎")]
    [InlineData("김철수")]
    [InlineData("👩‍👩‍👧‍👦")]
    [InlineData("👩🏽‍🚀 Ada")]
    [InlineData("❤️‍🔥")]
    [InlineData("🏴‍☠️ Crew")]
    [InlineData("🏴󠁧󠁢󠁳󠁣󠁴󠁿")] // Scotland: a flag and tags
    [InlineData("🇵🇪🇳🇱")]
    [InlineData("1️⃣")]
    public void Names_of_any_script_and_emoji_are_taken_as_they_are(string name)
    {
        Assert.True(Nickname.TryParse(name, out var nickname, out var fault), fault);
        Assert.Equal(name.Normalize(NormalizationForm.FormC), nickname);
        Assert.Equal("", fault);
    }

    [Theory]
    [InlineData("  Ada \n", "Ada")]
    [InlineData("Ada   \u00A0\u3000 Lovelace", "Ada Lovelace")]
    [InlineData("Ame\u0301lie", "Am\u00E9lie")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C")]
    public void A_name_is_trimmed_single_spaced_and_composed(string text, string name)
    {
        Assert.True(Nickname.TryParse(text, out var nickname, out var fault), fault);
        Assert.Equal(name, nickname);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData(" \t\r\n\u3000", "empty")]
    [InlineData("\uFE0F", "without a letter")]
    [InlineData("\u0301Ada", "without a letter")]
    [InlineData("ecila\u202Ebob", "U+202E")]
    [InlineData("\u2066bob\u2069", "U+2066")]
    [InlineData("bob\u200F", "U+200F")]
    [InlineData("\u061Cbob", "U+061C")]
    [InlineData("a\u0007b", "U+0007")]
    [InlineData("a\nb", "U+000A")]
    [InlineData("a\u0000b", "U+0000")]
    [InlineData("a\u0085b", "U+0085")]
    [InlineData("a\u2028b", "U+2028")]
    [InlineData("a\u200Bb", "U+200B")]
    [InlineData("a\u00ADb", "U+00AD")]
    [InlineData("a\uFEFFb", "U+FEFF")]
    [InlineData("a\u200Db", "U+200D")]
    [InlineData("👩\u200D", "U+200D")]
    [InlineData("a\u200Cb", "U+200C")]
    [InlineData("\u3164", "U+3164")]
    [InlineData("\u2800", "U+2800")]
    [InlineData("a\U000E0041", "U+E0041")]
    [InlineData("\uE000", "no agreed meaning")]
    [InlineData("\U0010FFFF", "no agreed meaning")]
    [InlineData("\u0378", "no agreed meaning")]
    [InlineData("Z\u0300\u0301\u0302\u0303\u0304a", "more than 4 marks")]
    [InlineData("abcdefghijklmnopqrstuvwxy", "25 letters; the most is 24")]
    [InlineData("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "200 bytes; the most is 192")]
    public void What_cannot_be_seen_or_disturbs_its_neighbours_is_refused_and_named(string text, string named)
    {
        Assert.False(Nickname.TryParse(text, out var nickname, out var fault));
        Assert.Equal("", nickname);
        Assert.Contains(named, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_surrogate_pair_and_a_novel_are_refused()
    {
        Assert.False(Nickname.TryParse("a\uD83D", out _, out var half));
        Assert.Contains("no character", half, StringComparison.Ordinal);
        Assert.False(Nickname.TryParse("a\uFFFE", out _, out var odd));
        Assert.Contains("no character", odd, StringComparison.Ordinal);
        Assert.False(Nickname.TryParse(new string('a', 1_000_000), out _, out var novel));
        Assert.Contains("at most 24", novel, StringComparison.Ordinal);
    }

    [Fact]
    public void The_length_is_counted_as_a_reader_counts()
    {
        Assert.True(Nickname.TryParse(string.Concat(Enumerable.Repeat("e\u0323\u0302", 24)), out _, out var fault), fault);
        Assert.True(Nickname.TryParse(string.Concat(Enumerable.Repeat("🇵🇪", 24)), out _, out fault), fault);
        Assert.True(Nickname.TryParse(new string('山', 24), out _, out fault), fault);
    }

    [Fact]
    public void Whatever_the_text_a_name_is_bounded_and_parses_to_itself() =>
        Gen.OneOf(Gen.String[Gen.Char, 0, 40], Gen.String[Gen.OneOf(Gen.Char['a', 'z'], Gen.Char['\u0300', '\u0310'], Gen.Char['\u2000', '\u2070'], Gen.Char['\u0600', '\u0650']), 0, 40]).Sample(text =>
        {
            if (!Nickname.TryParse(text, out var name, out var fault)) return name == "" && fault.Length > 0;
            return Encoding.UTF8.GetByteCount(name) <= Nickname.BytesMax && Nickname.TryParse(name, out var again, out _) && again == name;
        }, iter: 20_000);
}
