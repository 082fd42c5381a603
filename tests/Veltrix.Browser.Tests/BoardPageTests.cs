using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Veltrix.Browser.Tests;

/// <summary>The big screen at <c>/board/{hunt}</c>.</summary>
public class BoardPageTests(Chromium chromium) : PageTest(chromium)
{
    static readonly BrowserNewContextOptions Hall = new() { ViewportSize = new() { Width = 1920, Height = 1080 } };

    [Fact]
    public async Task The_top_moves_when_scores_change()
    {
        await Site.Publish(Quiz);
        var ada = await Site.Join("quiz", "Ada");
        var bob = await Site.Join("quiz", "Bob");
        await Site.Adjust("quiz", ada, points: 1);
        var hall = await Visit("/board/quiz", Hall);
        var names = hall.Page.Locator(".row .name");
        await Expect(names).ToHaveTextAsync(["Ada", "Bob"]);
        await Expect(hall.Page.Locator(".teams")).ToHaveTextAsync("2 hunters");
        await hall.Mark();

        await Site.Adjust("quiz", bob, points: 5);

        await Expect(names).ToHaveTextAsync(["Bob", "Ada"]);
        await Expect(hall.Page.Locator(".row .score")).ToHaveTextAsync(["5", "1"]);
        await Expect(hall.Page.Locator(".row .rank")).ToHaveTextAsync(["1", "2"]);
        await hall.WasNotReloaded();
    }

    [Fact]
    public async Task The_address_to_join_at_is_shown_and_leads_to_the_hunt()
    {
        await Site.Publish(Quiz);
        var hall = await Visit("/board/quiz", Hall);

        await Expect(hall.Page.Locator(".join")).ToHaveTextAsync($"Join at {Site.Network.Url.Authority}/play/quiz");
        await hall.Page.ClickAsync(".join a");
        await Expect(hall.Page.Locator("input[name=nickname]")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_empty_board_says_so_in_the_middle_of_the_page()
    {
        await Site.Publish(Quiz);
        var hall = await Visit("/board/quiz", Hall);
        await Expect(hall.Page.Locator(".empty")).ToHaveTextAsync("The board fills as soon as the first team has joined.");

        // The words themselves, not the box around them: left, top, right, bottom.
        var words = await hall.Page.EvaluateAsync<double[]>("""
            () => {
              const range = document.createRange();
              range.selectNodeContents(document.querySelector('.empty'));
              const { left, top, right, bottom } = range.getBoundingClientRect();
              return [left, top, right, bottom];
            }
            """);
        Assert.Equal(960, (words[0] + words[2]) / 2, tolerance: 20);
        Assert.Equal(540, (words[1] + words[3]) / 2, tolerance: 60);

        await Site.Join("quiz", "Ada");
        await Expect(hall.Page.Locator(".row")).ToHaveCountAsync(1);
        await Expect(hall.Page.Locator(".empty")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task An_announcement_a_pause_and_the_end_are_shown()
    {
        await Site.Publish(Quiz);
        var hall = await Visit("/board/quiz", Hall);
        await Expect(hall.Page.Locator(".phase")).ToHaveTextAsync("Open");
        // The board has its own connection, which may come after the page: what is announced before is not for it.
        await Expect(hall.Page.Locator(".connection")).ToBeEmptyAsync();

        await Site.Act("quiz", "announce", new { why = "a test", text = "Lunch is at noon." });
        await Expect(hall.Page.Locator(".news")).ToHaveTextAsync("Lunch is at noon.");
        await Site.Act("quiz", "pause", new { why = "a test" });
        await Expect(hall.Page.Locator(".phase")).ToHaveTextAsync("Paused");
        await Site.Act("quiz", "close", new { why = "a test" });
        await Expect(hall.Page.Locator(".phase")).ToHaveTextAsync("Final standings");
    }

    [Fact]
    public async Task The_graph_shows_how_the_first_ten_got_there_and_comes_back_after_a_reload()
    {
        await Site.Publish(Quiz);
        string[] names = ["The Night Owls of Lisbon", "Ada", "Bob", "Cyd", "Dot", "Zoë", "Fay", "Gus", "Hal", "Ivy", "Jim", "Kay"];
        foreach (var name in names) await Site.Join("quiz", name);
        var hall = await Visit("/board/quiz", Hall);
        await Expect(hall.Page.Locator(".row")).ToHaveCountAsync(12);
        await Expect(hall.Page.Locator(".graph")).ToBeHiddenAsync();

        for (var round = 1; round <= 3; round++)
            for (var team = 0; team < names.Length; team++) await Site.Adjust("quiz", team, points: 1 + (team * 7 + round * 5) % 11);
        await hall.Page.GetByRole(AriaRole.Button, new() { Name = "Graph" }).ClickAsync();

        await Expect(hall.Page.Locator(".row")).ToHaveCountAsync(10);
        await Expect(hall.Page.Locator(".graph .line")).ToHaveCountAsync(10);
        var first = await hall.Page.Locator(".row .name").First.TextContentAsync();
        await Expect(hall.Page.Locator(".graph .name").Last).ToHaveTextAsync(first!);
        var colours = await hall.Page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('.graph .line path')].map(path => getComputedStyle(path).stroke)");
        Assert.Equal(10, colours.Distinct().Count());
        var graph = (await hall.Page.Locator(".graph").BoundingBoxAsync())!;
        Assert.True(graph is { X: > 600, Width: > 800, Height: > 500 } && graph.X + graph.Width <= 1920, $"{graph.X} {graph.Width} × {graph.Height}");
        Assert.Empty(await hall.Page.EvaluateAsync<string[]>("""
            () => {
              const graph = document.querySelector('.graph').getBoundingClientRect();
              return [...document.querySelectorAll('.graph text')].filter(text => text.getBoundingClientRect().right > graph.right + 1).map(text => text.textContent);
            }
            """));

        await hall.Page.ReloadAsync();
        await Expect(hall.Page.Locator(".graph .line")).ToHaveCountAsync(10);
    }

    [Fact]
    public async Task Who_is_here_is_shown_with_the_board()
    {
        await Site.Publish(Quiz);
        var hall = await Visit("/board/quiz", Hall);
        await Site.Join("quiz", "Ada");
        await Expect(hall.Page.Locator(".row")).ToHaveCountAsync(1);
        // It goes along with boards: something has to move while it is looked at again.
        for (var i = 0; i < 100 && await hall.Page.Locator(".here").TextContentAsync() != "1 here now"; i++)
        {
            await Site.Adjust("quiz", 0, points: 1);
            await Task.Delay(300, TestContext.Current.CancellationToken);
        }

        await Expect(hall.Page.Locator(".here")).ToHaveTextAsync("1 here now");
        await Site.Act("quiz", "close", new { why = "a test" });
        await Expect(hall.Page.Locator(".here")).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Fifty_teams_fit_on_the_screen_at_once()
    {
        await Site.Publish(Quiz);
        for (var n = 1; n <= 51; n++) await Site.Join("quiz", $"Team {n}");

        var hall = await Visit("/board/quiz", Hall);

        await Expect(hall.Page.Locator(".row")).ToHaveCountAsync(50);
        var last = (await hall.Page.Locator(".row").Last.BoundingBoxAsync())!;
        var footer = (await hall.Page.Locator("footer").BoundingBoxAsync())!;
        Assert.True(last.Y + last.Height <= footer.Y && footer.Y + footer.Height <= 1080, $"last row to {last.Y + last.Height}, footer from {footer.Y} to {footer.Y + footer.Height}");
    }
}
