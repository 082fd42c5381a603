using Veltrix.Hosting;
using static Microsoft.Playwright.Assertions;

namespace Veltrix.Browser.Tests;

/// <summary>One may play at a time, and two come.</summary>
public sealed class WaitingRoomTests(Chromium chromium) : PageTest(chromium)
{
    protected override Settings? Settings { get; } = Settings.Of("max_concurrent_hunters: 1\nseat.grace: 10s\nwaiting.frames: 1s");

    [Fact]
    public async Task The_second_waits_sees_the_board_move_keeps_its_place_over_a_reload_and_comes_in_when_the_first_has_left()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        await ada.Join("Ada");
        var bob = await Visit("/play/quiz", new() { ViewportSize = new() { Width = 390, Height = 844 } });
        await bob.Page.FillAsync("input[name=nickname]", "Bob");
        await bob.Page.ClickAsync("button[type=submit]");

        await Expect(bob.Page.Locator(".place")).ToHaveTextAsync("1st");
        await Expect(bob.Page.Locator(".eta")).ToHaveTextAsync("You are next.");
        await Expect(bob.Page.Locator(".spoken")).ToContainTextAsync("You are 1st in the queue.");
        await ada.Open("First");
        await ada.Answer("one");
        await Expect(bob.Page.Locator(".room .row .score")).ToHaveTextAsync(["1"]);
        await bob.Page.FillAsync("input[name=riddle]", "A piano");
        await bob.Page.ClickAsync(".riddles button[type=submit]");
        await Expect(bob.Page.Locator(".riddles .word")).ToContainTextAsync("Right!");
        Assert.False(await bob.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"));
        if (Environment.GetEnvironmentVariable("VELTRIX_SCREENSHOTS") is { } folder) await bob.Page.ScreenshotAsync(new() { Path = Path.Combine(folder, "waiting.png"), FullPage = true });

        await bob.Page.ReloadAsync();
        await Expect(bob.Page.Locator(".place")).ToHaveTextAsync("1st");
        await ada.Page.GotoAsync("about:blank");
        await bob.IsLive();
        await Expect(bob.Page.Locator("footer")).ToContainTextAsync("You play as Bob");
    }
}
