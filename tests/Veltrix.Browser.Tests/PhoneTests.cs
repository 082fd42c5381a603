using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Veltrix.Browser.Tests;

/// <summary>On a phone, nothing has to be pushed sideways, however wide the words are that people write.</summary>
public class PhoneTests(Chromium chromium) : PageTest(chromium)
{
    const int Width = 390;

    // The widest letters without a place to break.
    static readonly string Name = new('W', 24);

    static readonly string Wide = $$"""
        hunt: wide
        title: {{new string('W', 60)}}
        description: {{new string('W', 200)}}
        team_size: 3
        challenges:
          - { id: a, name: {{new string('W', 60)}}, category: {{new string('W', 40)}}, text: "{{new string('W', 300)}} https://hunt.example/{{new string('w', 200)}}", points: 1, answers: [one] }
        """;

    static BrowserNewContextOptions Phone => new() { ViewportSize = new() { Width = Width, Height = 844 }, IsMobile = true, HasTouch = true };

    [Fact]
    public async Task The_play_page_does_not_scroll_sideways()
    {
        await Site.Publish(Wide);
        var ada = await Visit("/play/wide", Phone);
        await Expect(ada.Page.Locator("input[name=nickname]")).ToBeVisibleAsync();
        await IsNotTooWide(ada);

        await ada.Page.FillAsync("input[name=team]", Name);
        await ada.Join(Name);
        await Expect(ada.Page.Locator(".row")).ToHaveCountAsync(1);
        await IsNotTooWide(ada);

        await ada.Open("WWW");
        await ada.Answer(new string('W', 100));
        await Expect(ada.Word("wrong")).ToBeVisibleAsync();
        await IsNotTooWide(ada);

        await Site.Act("wide", "announce", new { why = "a test", text = new string('W', 200) });
        await Expect(ada.Page.Locator(".announcements .card")).ToBeVisibleAsync();
        await IsNotTooWide(ada);
    }

    [Fact]
    public async Task What_came_of_an_answer_is_in_sight_also_when_its_box_is_at_the_lower_edge()
    {
        await Site.Publish(Wide);
        var ada = await Visit("/play/wide", Phone);
        await ada.Page.FillAsync("input[name=team]", Name);
        await ada.Join(Name);
        await ada.Open("WWW");
        var box = ada.Page.Locator("input[name=answer]:visible");
        await box.FillAsync("wrong");
        await box.EvaluateAsync("box => box.scrollIntoView({ block: 'end', behavior: 'instant' })");
        await ada.Page.Keyboard.PressAsync("Enter");

        await Expect(ada.Word("wrong")).ToBeInViewportAsync(new() { Ratio = 1 });
    }

    [Fact]
    public async Task The_board_does_not_scroll_sideways()
    {
        await Site.Publish(Quiz);
        for (var n = 0; n < 12; n++) await Site.Adjust("quiz", await Site.Join("quiz", Name), points: 1_000_000);

        var ada = await Visit("/board/quiz", Phone);
        await Expect(ada.Page.Locator(".row")).ToHaveCountAsync(12);
        await IsNotTooWide(ada);
    }

    // A phone's browser zooms out to what is too wide, so the page's own idea of the window's width says nothing.
    static async Task IsNotTooWide(Visitor visitor) =>
        Assert.InRange(await visitor.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, Width);
}
