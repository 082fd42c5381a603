using CsCheck;

namespace Veltrix.Hunts.Tests.Definitions;

public sealed class AnswerRuleTests
{
    [Theory]
    [InlineData("Lima", "lima")]
    [InlineData("Lima", "  LIMA. ")]
    [InlineData("Lima", "Ｌｉｍａ")] // full width
    [InlineData("New York", "newyork")]
    [InlineData("New York", "New\u00A0\u200BYork")]
    [InlineData("São Tomé", "sao tome")]
    [InlineData("Sao Tome", "São Tomé")]
    [InlineData("Chișinău", "chisinau")]
    [InlineData("Łódź", "lodz")]
    [InlineData("Malmø", "malmo")]
    [InlineData("Straße", "STRASSE")]
    [InlineData("Ærøskøbing", "aeroskobing")]
    [InlineData("İstanbul", "istanbul")]
    [InlineData("Port-au-Prince", "port au prince")]
    [InlineData("Nuku\u02BBalofa", "Nuku'alofa")]
    [InlineData("Nuku'alofa", "nuku’alofa")]
    [InlineData("ΟΔΟΣ", "οδός")]
    [InlineData("ёлка", "Елка")]
    [InlineData("שָׁלוֹם", "שלום")]
    [InlineData("مُحَمَّد", "محمد")]
    [InlineData("❤️", "❤")]
    [InlineData("3.14", " 3.14 ")]
    [InlineData("3.14", "３．１４")]
    [InlineData("Apollo -13", "apollo-13")]
    [InlineData("COVID-19", "covid 19")]
    [InlineData("\u1112\u1161\u11AB", "\uD55C")] // Hangul, decomposed and composed
    public void With_all_normalisation_small_differences_do_not_matter(string accepted, string guess) =>
        Assert.True(AnswerRule.Text([accepted]).Accepts(guess));

    [Theory]
    [InlineData("Lima", "Limas")]
    [InlineData("Lima", "")]
    [InlineData("3.14", "314")]
    [InlineData("-5", "5")]
    [InlineData(".5", "5")]
    [InlineData("12:30", "1230")]
    [InlineData("C#", "C")]
    [InlineData("C++", "C")]
    [InlineData("50%", "50")]
    [InlineData("が", "か")] // a voiced kana is another letter
    [InlineData("ที่", "ท")]
    [InlineData("한", "하")]
    public void Another_answer_stays_another(string accepted, string guess) =>
        Assert.False(AnswerRule.Text([accepted]).Accepts(guess));

    [Theory]
    [InlineData(Normalisation.Case, "LIMA é", true)]
    [InlineData(Normalisation.Case, "lima e", false)]
    [InlineData(Normalisation.Case, "limaé", false)]
    [InlineData(Normalisation.Space, " Lim aé", true)]
    [InlineData(Normalisation.Space, "lima é", false)]
    [InlineData(Normalisation.Accents, "Lima e", true)]
    [InlineData(Normalisation.Accents, "Lima-é", false)]
    [InlineData(Normalisation.Punctuation, "Lima é!", true)]
    [InlineData(Normalisation.Punctuation, "Limaé", false)]
    [InlineData(Normalisation.None, "Lima é", true)]
    [InlineData(Normalisation.None, "Lima é ", false)]
    [InlineData(Normalisation.None, "Lima e\u0301", false)]
    [InlineData(Normalisation.Space, "Lima e\u0301", true)]
    public void Each_normalisation_does_one_thing(Normalisation normalise, string guess, bool right) =>
        Assert.Equal(right, AnswerRule.Text(["Lima é"], normalise).Accepts(guess));

    [Fact]
    public void Any_of_the_accepted_answers_is_right_and_the_first_is_shown()
    {
        var rule = AnswerRule.Text(["Kyiv", "Kiev"]);
        Assert.True(rule.Accepts("kiev") && rule.Accepts("KYIV"));
        Assert.Equal("Kyiv", rule.Accepted[0]);
    }

    [Fact]
    public void Guesses_that_are_no_text_are_wrong_and_nothing_more()
    {
        var rule = AnswerRule.Text(["a"]);
        Assert.False(rule.Accepts("a\uD83D"));
        Assert.False(rule.Accepts("a\uFFFE"));
        Assert.False(rule.Accepts(new string('a', 401)));
        Assert.False(rule.Accepts(new string('ΐ', 400))); // the letter that decomposes furthest
        Assert.False(rule.Accepts(new string('ﷺ', 400)));
    }

    [Fact]
    public void A_rule_that_accepts_nothing_or_everything_cannot_be_made()
    {
        Assert.Throws<ArgumentException>(() => AnswerRule.Text([]));
        Assert.Throws<ArgumentException>(() => AnswerRule.Text(["?!"]));
        Assert.Throws<ArgumentException>(() => AnswerRule.Text([new string('a', 401)]));
        Assert.Throws<ArgumentException>(() => AnswerRule.Text(["\uD83D"]));
    }

    [Fact]
    public void Whatever_the_text_it_answers_itself_and_folding_twice_changes_nothing()
    {
        const string crumbs = "aA1 .,-(é\u0301ßıﬁ３．\uFE0F";
        var texts = Gen.OneOf(Gen.String[Gen.Char, 1, 60], Gen.String[Gen.Int[0, crumbs.Length - 1].Select(i => crumbs[i]), 1, 12]);
        Gen.Select(texts, Gen.Int[0, 15]).Sample((text, how) =>
        {
            var normalise = (Normalisation)how;
            string normal;
            try
            {
                normal = AnswerRule.Normal(text, normalise);
            }
            catch (ArgumentException)
            {
                return !AnswerRule.Text(["other"], normalise).Accepts(text);
            }
            return normal == "" || AnswerRule.Text([text], normalise) is var rule && rule.Accepts(text) && rule.Accepts(normal);
        }, iter: 20_000);
    }

    [Fact]
    public void A_guess_in_ascii_allocates_nothing()
    {
        var rule = AnswerRule.Text(["Port Moresby", "Moresby"]);
        Assert.True(rule.Accepts("port moresby") && rule.Accepts("moresby") && !rule.Accepts("lima"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++) rule.Accepts("Port-Moresby!");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000);
    }
}
