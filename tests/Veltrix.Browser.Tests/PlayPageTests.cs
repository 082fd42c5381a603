using static Microsoft.Playwright.Assertions;

namespace Veltrix.Browser.Tests;

/// <summary>The page at <c>/play/{hunt}</c>, as a hunter alone sees it.</summary>
public class PlayPageTests(Chromium chromium) : PageTest(chromium)
{
    [Fact]
    public async Task Joining_with_a_nickname_shows_the_challenges()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        await Expect(ada.Page.Locator("h1")).ToHaveTextAsync("A small quiz");

        await ada.Join("Ada");

        await Expect(ada.Challenges.Locator(".name")).ToHaveTextAsync(["First", "Second"]);
        await Expect(ada.Page.Locator(".summary")).ToContainTextAsync("1 locked");
        await Expect(ada.Page.Locator("footer")).ToContainTextAsync("You play as Ada");
    }

    [Fact]
    public async Task A_right_answer_is_called_right_and_moves_points_and_rank_without_a_reload()
    {
        await Site.Publish(Quiz);
        await Site.Adjust("quiz", await Site.Join("quiz", "Bob"), points: 1);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        await Expect(ada.Rank).ToHaveTextAsync("2nd");
        await ada.Mark();

        await ada.Open("Second");
        await ada.Answer("two");

        await Expect(ada.Word("right")).ToHaveTextAsync("Right! 2 points.");
        await Expect(ada.Score).ToHaveTextAsync("2");
        await Expect(ada.Rank).ToHaveTextAsync("1st");
        await ada.WasNotReloaded();
    }

    [Fact]
    public async Task Solving_what_a_challenge_requires_brings_it_onto_the_page()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        await ada.Open("First");
        await ada.Answer("one");
        await Expect(ada.Word("right")).ToBeVisibleAsync();
        await ada.Open("Second");
        await ada.Answer("two");

        await Expect(ada.Challenge("Third")).ToBeVisibleAsync();
        await ada.Open("Third");
        await ada.Answer("three");

        await Expect(ada.Score).ToHaveTextAsync("7");
    }

    [Fact]
    public async Task A_wrong_answer_is_called_wrong_and_the_last_attempt_closes_the_box()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        await ada.Open("Second");

        await ada.Answer("three");
        await Expect(ada.Word("wrong")).ToHaveTextAsync("“three” is not it.");
        await Expect(ada.Page.Locator(".attempts:visible")).ToHaveTextAsync("1 attempt left.");
        await Expect(ada.Score).ToHaveTextAsync("0");

        await ada.Answer("four");
        await Expect(ada.Word("wrong")).ToHaveTextAsync("“four” is not it.");
        await Expect(ada.Page.Locator(".attempts:visible")).ToHaveTextAsync("No attempts left.");
        await Expect(ada.Page.Locator(".answer:visible button")).ToBeDisabledAsync();
    }

    [Fact]
    public async Task A_refused_answer_is_told_why()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        await ada.Open("First");
        ada.ExpectsConnectionLoss();

        // Nothing but a page that does not know of the pause sends an answer into it.
        Site.Network.Cut();
        await ada.Answer("one");
        await Expect(ada.Word("pending")).ToHaveTextAsync("Kept here. It goes out when the connection is back.");
        await Site.Act("quiz", "pause", new { why = "a test" });
        Site.Network.Mend();

        await Expect(ada.Word("refused")).ToHaveTextAsync("The hunt is paused. Try again when it goes on.");
        await Expect(ada.Score).ToHaveTextAsync("0");
    }

    [Fact]
    public async Task The_solve_of_another_hunter_moves_the_own_rank()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        var bob = await Visit("/play/quiz");
        await bob.Join("Bob");
        await Expect(ada.Rank).ToHaveTextAsync("1st");
        await ada.Mark();

        await bob.Open("First");
        await bob.Answer("one");

        await Expect(ada.Rank).ToHaveTextAsync("2nd");
        await Expect(ada.Page.Locator(".row .name")).ToHaveTextAsync(["Bob", "Ada"]);
        await ada.WasNotReloaded();
    }

    [Fact]
    public async Task A_reload_keeps_the_hunter()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        await ada.Open("Second");
        await ada.Answer("two");
        await Expect(ada.Score).ToHaveTextAsync("2");

        await ada.Page.ReloadAsync();

        await ada.IsLive();
        await Expect(ada.Page.Locator("footer")).ToContainTextAsync("You play as Ada");
        await Expect(ada.Score).ToHaveTextAsync("2");
        await Expect(ada.Page.Locator(".summary")).ToContainTextAsync("1 open · 1 solved");
        await ada.Open("First");
        await ada.Answer("one");
        await Expect(ada.Score).ToHaveTextAsync("3");
        Assert.Single(await Site.Facts("quiz", "TeamFounded"));
    }

    [Fact]
    public async Task A_bad_nickname_is_explained_and_another_may_be_tried()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        ada.Expects("status of 400");

        await ada.Page.FillAsync("input[name=nickname]", new string('a', 25));
        await ada.Page.ClickAsync("button[type=submit]");
        await Expect(ada.Page.Locator(".fault")).ToHaveTextAsync("The name has 25 letters; the most is 24.");

        await ada.Join("Ada");
        await Expect(ada.Challenges).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task Challenges_appear_by_themselves_when_the_hunt_opens()
    {
        await Site.Publish(Quiz, open: false);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        await Expect(ada.Page.Locator(".notice")).ToContainTextAsync("has not opened yet");
        await Expect(ada.Challenges).ToHaveCountAsync(0);

        await Site.Act("quiz", "open", new { why = "a test" });

        await Expect(ada.Challenges).ToHaveCountAsync(2);
        await Expect(ada.Page.Locator(".notice")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task An_announcement_a_pause_and_the_end_are_shown()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        await ada.Open("First");
        var answering = ada.Page.Locator(".answer:visible button");
        var notice = ada.Page.Locator(".notice");

        await Site.Act("quiz", "announce", new { why = "a test", text = "Lunch is at <b>noon</b>." });
        await Expect(ada.Page.Locator(".announcements")).ToContainTextAsync("Lunch is at <b>noon</b>.");

        await Site.Act("quiz", "pause", new { why = "a test" });
        await Expect(notice).ToContainTextAsync("The hunt is paused.");
        await Expect(ada.Page.Locator(".phase")).ToHaveTextAsync("Paused");
        await Expect(answering).ToBeDisabledAsync();

        await Site.Act("quiz", "resume", new { why = "a test" });
        await Expect(notice).ToBeHiddenAsync();
        await Expect(answering).ToBeEnabledAsync();

        await Site.Act("quiz", "close", new { why = "a test" });
        await Expect(notice).ToContainTextAsync("The hunt is closed.");
        await Expect(answering).ToBeDisabledAsync();
    }

    [Fact]
    public async Task The_keyboard_alone_is_enough()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");

        await ada.TabTo("input[name=nickname]");
        await ada.Page.Keyboard.TypeAsync("Ada");
        await ada.Page.Keyboard.PressAsync("Enter");
        await ada.IsLive();
        await Expect(ada.Challenges).ToHaveCountAsync(2);

        await ada.TabTo(".challenge button[aria-expanded]");
        await ada.Page.Keyboard.PressAsync("Enter");
        await ada.TabTo("input[name=answer]");
        await ada.Page.Keyboard.TypeAsync("one");
        await ada.Page.Keyboard.PressAsync("Enter");
        await Expect(ada.Word("right")).ToHaveTextAsync("Right! 1 point.");

        // The box is gone; the focus went to where one goes on from.
        await Expect(ada.Page.Locator(".next:visible")).ToBeFocusedAsync();
        await ada.Page.Keyboard.PressAsync("Enter");
        await Expect(ada.Page.Locator("input[name=answer]:visible")).ToBeFocusedAsync();
        await ada.Page.Keyboard.TypeAsync("two");
        await ada.Page.Keyboard.PressAsync("Enter");
        await Expect(ada.Score).ToHaveTextAsync("3");
    }
}
