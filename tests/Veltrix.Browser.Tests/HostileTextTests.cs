using static Microsoft.Playwright.Assertions;

namespace Veltrix.Browser.Tests;

/// <summary>What strangers write is shown as text, wherever it is shown. That the policy forbids the rest as well is a second wall, not this one.</summary>
public class HostileTextTests(Chromium chromium) : PageTest(chromium)
{
    const string Nickname = "<img src=x onerror=a(1)>";

    const string Hostile = """
        hunt: hostile
        title: <script>a(1)</script>
        description: <b onclick="a(1)">Bold</b>
        challenges:
          - { id: a, name: "<i>Slanted</i>", category: "<u>Kind</u>", text: "<img src=y onerror=a(1)> and http://127.0.0.1/\"onclick=a(1)", points: 1, answers: [one] }
        """;

    [Fact]
    public async Task A_nickname_of_markup_is_shown_as_text_on_both_pages()
    {
        await Site.Publish(Quiz);
        var ada = await Visit("/play/quiz");
        var hall = await Visit("/board/quiz");

        await ada.Join(Nickname);

        await Expect(ada.Page.Locator("footer b")).ToHaveTextAsync(Nickname);
        await Expect(ada.Page.Locator(".row .name")).ToHaveTextAsync([Nickname]);
        await Expect(hall.Page.Locator(".row .name")).ToHaveTextAsync([Nickname]);
        await Expect(ada.Page.Locator("img")).ToHaveCountAsync(0);
        await Expect(hall.Page.Locator("img")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_definition_of_markup_is_shown_as_text()
    {
        await Site.Publish(Hostile);
        var ada = await Visit("/play/hostile");
        await Expect(ada.Page.Locator("h1")).ToHaveTextAsync("<script>a(1)</script>");
        await Expect(ada.Page.Locator("header .text")).ToHaveTextAsync("<b onclick=\"a(1)\">Bold</b>");

        await ada.Join("Ada");
        await ada.Open("<i>Slanted</i>");

        await Expect(ada.Page.Locator(".panel .text")).ToContainTextAsync("<img src=y onerror=a(1)> and ");
        await Expect(ada.Page.Locator("img, i, u, [onclick], [onerror], body script")).ToHaveCountAsync(0);
    }
}
