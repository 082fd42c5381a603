using System.Globalization;
using CsCheck;

namespace Veltrix.Crowd.Tests;

public class NotebookTests
{
    static readonly AnswerBook Chain = AnswerBook.Of("h", null, [("a", "A", []), ("b", "B", ["a"]), ("c", "C", ["a", "b"])], "test");

    [Fact]
    public void Only_what_is_unlocked_is_tried_and_nothing_twice()
    {
        var notebook = new Notebook(Chain);
        for (int i = 0; i < 3; i++)
        {
            var guess = notebook.Next(from: 2, right: true, serial: 1);
            Assert.Equal(new Guess(i, Chain.Challenges[i].Answer, true, false), guess);
            notebook.Send(guess);
            Assert.False(notebook.Next(2, true, 1).Right); // the only open one has its answer under way
            notebook.Decide(Decided(Chain.Challenges[i].Id, Verdict.Correct));
            notebook.Forget(guess);
        }

        Assert.True(notebook.Finished);
        Assert.True(notebook.Next(0, true, 1).Exhausted);
    }

    [Fact]
    public void What_a_mate_solved_is_not_tried_again()
    {
        var notebook = new Notebook(Chain);
        notebook.Decide(Decided("a", Verdict.Correct));
        Assert.Equal(1, notebook.Next(0, true, 1).Challenge);
    }

    [Fact]
    public void An_answer_that_was_refused_may_be_sent_again()
    {
        var notebook = new Notebook(Chain);
        var guess = notebook.Next(0, true, 1);
        notebook.Send(guess);
        notebook.Forget(guess);
        Assert.Equal(guess, notebook.Next(0, true, 1));
    }

    [Fact]
    public void A_challenge_without_attempts_left_is_given_up()
    {
        var notebook = new Notebook(AnswerBook.Of("h", null, [("a", "A", []), ("b", "B", [])], "test"));
        notebook.Decide(Decided("a", Verdict.Incorrect) with { AttemptsLeft = 0 });
        Assert.Equal(1, notebook.Next(0, false, 1).Challenge);
        notebook.Decide(Decided("b", Verdict.Refused) with { Reason = "OutOfAttempts" });
        Assert.True(notebook.Finished);
    }

    [Fact]
    public void An_unknown_challenge_changes_nothing()
    {
        var notebook = new Notebook(Chain);
        notebook.Decide(Decided("zz", Verdict.Correct));
        Assert.Equal(0, notebook.Solved);
    }

    [Fact]
    public void Wrong_answers_are_unlike_each_other_and_like_words() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Long[0, 10_000_000]).Sample((a, b) =>
        {
            string one = Nonsense.Word(a), other = Nonsense.Word(b);
            return (one == other) == (a == b) && one.Length is >= 12 and <= 32 && one.All(char.IsAsciiLetterLower);
        });

    [Fact]
    public void Nicknames_are_unlike_each_other_and_short_enough()
    {
        var names = Enumerable.Range(0, 3000).Select(Nicknames.Of).ToArray();
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.All(names, n => Assert.InRange(new StringInfo(n).LengthInTextElements, 1, 24));
        Assert.All(names, n => Assert.True(n.IsNormalized()));
    }

    [Theory]
    [InlineData("""{"hunt":"h","challenges":[{"id":"a","answer":"x","requires":["b"]}]}""", "requires 'b'")]
    [InlineData("""{"hunt":"h","challenges":[{"id":"a","answer":"x"},{"id":"a","answer":"y"}]}""", "'a' is there twice")]
    [InlineData("""{"hunt":"h","challenges":[]}""", "at least one")]
    [InlineData("""{"hunt":""", "cannot be read as an answers file")]
    public void An_answers_file_with_a_fault_is_refused_with_the_reason(string json, string reason)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(reason, Assert.Throws<CrowdException>(() => AnswerBook.Read(folder.Write("answers.json", json))).Message);
    }

    [Fact]
    public void An_answers_file_gives_answers_key_and_order()
    {
        using var folder = new TemporaryFolder();
        var book = AnswerBook.Read(folder.Write("answers.json",
            """{"hunt":"capitals","audit_key":"k","challenges":[{"id":"c00","answer":"Lima","requires":[]},{"id":"c01","answer":"Oslo","requires":["c00"]}]}"""));
        Assert.Equal(("capitals", "k", 2, "Oslo", 0), (book.Hunt, book.AuditKey, book.Challenges.Count, book.Challenges[1].Answer, book.Challenges[1].Requires[0]));
    }

    static Outcome Decided(string challenge, Verdict verdict) => new(1, "h.i.1", 1, "h", challenge, verdict, null, null, 1);
}
