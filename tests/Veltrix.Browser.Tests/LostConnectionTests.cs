using static Microsoft.Playwright.Assertions;

namespace Veltrix.Browser.Tests;

/// <summary>The page plays on after its connection was lost, and what was answered meanwhile counts once.</summary>
public class LostConnectionTests(Chromium chromium) : PageTest(chromium)
{
    [Fact]
    public async Task An_answer_given_while_the_server_is_down_arrives_once_when_it_is_back()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        await ada.Open("First");
        await ada.Mark();
        ada.ExpectsConnectionLoss();

        await Site.Stop();
        await Expect(ada.Page.Locator(".connection")).ToContainTextAsync("Connection lost.");
        await ada.Answer("one");
        await Expect(ada.Word("pending")).ToHaveTextAsync("Kept here. It goes out when the connection is back.");
        await Site.Start();

        await Expect(ada.Word("right")).ToHaveTextAsync("Right! 1 point.");
        await ada.IsLive();
        await Expect(ada.Page.Locator(".connection")).ToBeEmptyAsync();
        await ada.Open("Second");
        await ada.Answer("two");
        await Expect(ada.Score).ToHaveTextAsync("3");
        await ada.WasNotReloaded();
        Assert.Equal(2, (await Site.Facts("quiz", "AnswerAccepted")).Length);
    }

    [Fact]
    public async Task An_answer_whose_outcome_was_lost_on_the_way_counts_once_and_is_told()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        await ada.Open("Second");
        await ada.Mark();
        ada.ExpectsConnectionLoss();

        Site.Network.Mute();
        await ada.Answer("wrong");
        await Decided(1);
        Site.Network.Cut();
        await Expect(ada.Word("pending")).ToContainTextAsync("Kept here.");
        Site.Network.Mend();

        await Expect(ada.Word("wrong")).ToHaveTextAsync("“wrong” is not it.");
        await ada.Answer("two");
        await Expect(ada.Word("right")).ToBeVisibleAsync();
        await ada.WasNotReloaded();
        // Sent twice under one number, decided once: a second decision would have cost the second of two attempts.
        await Decided(1);
        Assert.Single(await Site.Facts("quiz", "AnswerAccepted"));
        Assert.Empty(await Site.Facts("quiz", "SubmissionRefused"));
    }

    [Fact]
    public async Task An_answer_that_waits_survives_a_reload()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        await ada.Open("Second");
        ada.ExpectsConnectionLoss();

        Site.Network.Mute();
        await ada.Answer("two");
        await Expect(ada.Word("pending")).ToHaveTextAsync("Sending…");
        Site.Network.Cut();
        await Expect(ada.Word("pending")).ToContainTextAsync("Kept here.");
        Site.Network.Mend();
        await ada.Page.ReloadAsync();

        await Expect(ada.Score).ToHaveTextAsync("2");
        Assert.Single(await Site.Facts("quiz", "AnswerAccepted"));
    }

    [Fact]
    public async Task The_board_goes_on_after_its_connection_was_lost()
    {
        await Site.Publish(Quiz);
        await Site.Join("quiz", "Ada");
        var hall = await Visit("/board/quiz");
        await Expect(hall.Page.Locator(".row .name")).ToHaveTextAsync(["Ada"]);
        hall.ExpectsConnectionLoss();

        Site.Network.Cut();
        await Expect(hall.Page.Locator(".connection")).ToHaveTextAsync("Connecting…");
        await Site.Join("quiz", "Bob");
        Site.Network.Mend();

        await Expect(hall.Page.Locator(".row .name")).ToHaveTextAsync(["Ada", "Bob"]);
        await Expect(hall.Page.Locator(".connection")).ToBeEmptyAsync();
    }

    /// <summary>Waits until the ledger holds so many wrong answers; fails at once if it holds more.</summary>
    async Task Decided(int wrong)
    {
        for (var waited = 0; (await Site.Facts("quiz", "AnswerRejected")).Length is var now && now != wrong; waited++)
        {
            Assert.True(now < wrong && waited < 200, $"{now} wrong answers in the ledger, expected {wrong}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
