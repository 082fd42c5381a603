using static Microsoft.Playwright.Assertions;

namespace Veltrix.Browser.Tests;

/// <summary>A hunt of teams: founding one, inviting into it, playing together.</summary>
public class TeamTests(Chromium chromium) : PageTest(chromium)
{
    const string Relay = """
        hunt: relay
        title: A hunt of teams
        team_size: 3
        challenges:
          - { id: a, name: First, points: 1, answers: [one] }
          - { id: b, name: Second, points: 2, answers: [two] }
        """;

    [Fact]
    public async Task A_founder_invites_by_a_link_and_both_play_for_the_team()
    {
        await Site.Publish(Relay);
        var ada = await Visit("/play/relay");
        await ada.Page.FillAsync("input[name=team]", "The Owls");
        await ada.Join("Ada");
        await Expect(ada.Page.Locator(".team summary")).ToHaveTextAsync("Your team: The Owls");

        await ada.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await ada.Page.ClickAsync(".team button");
        await Expect(ada.Page.Locator(".team [role=status]")).ToHaveTextAsync("Link copied.");
        var link = await ada.Page.EvaluateAsync<string>("navigator.clipboard.readText()");

        var bob = await Visit(new Uri(link));
        await bob.Join("Bob");
        await Expect(bob.Page.Locator(".team summary")).ToHaveTextAsync("Your team: The Owls");
        Assert.DoesNotContain("#", bob.Page.Url);

        await bob.Open("Second");
        await bob.Answer("two");
        await Expect(bob.Word("right")).ToBeVisibleAsync();
        await Expect(ada.Score).ToHaveTextAsync("2");
        await Expect(ada.Page.Locator(".summary")).ToContainTextAsync("1 open · 1 solved");
        Assert.Single(await Site.Facts("relay", "TeamFounded"));
    }

    [Fact]
    public async Task The_code_can_be_typed_and_a_wrong_one_is_explained()
    {
        await Site.Publish(Relay);
        var ada = await Visit("/play/relay");
        await ada.Page.FillAsync("input[name=team]", "The Owls");
        await ada.Join("Ada");
        var code = await ada.Page.Locator(".team code").InnerTextAsync();

        var bob = await Visit("/play/relay");
        bob.Expects("Failed to load resource");
        await bob.Page.GetByText("I have a code").ClickAsync();
        await bob.Page.FillAsync("input[name=nickname]", "Bob");
        await bob.Page.FillAsync("input[name=code]", "0000000000000");
        await bob.Page.ClickAsync("button[type=submit]");
        await Expect(bob.Page.Locator(".fault")).Not.ToBeEmptyAsync();

        await bob.Page.FillAsync("input[name=code]", code);
        await bob.Join("Bob");
        await Expect(bob.Page.Locator(".team summary")).ToHaveTextAsync("Your team: The Owls");
    }
}
