using System.Collections.Concurrent;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Veltrix.Browser.Tests;

/// <summary>Somebody with a browser, on one page; and everything that goes wrong in it: errors on the console, exceptions, what the page's policy forbade.</summary>
public sealed class Visitor
{
    const string TellViolations =
        "addEventListener('securitypolicyviolation', (event) => console.error(`Policy violated: ${event.violatedDirective} ${event.blockedURI}`));";

    readonly ConcurrentQueue<string> faults = new();
    readonly List<string> expected = [];

    Visitor(IBrowserContext context, IPage page)
    {
        Context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type == "error") faults.Enqueue($"{message.Text} ({message.Location})");
        };
        page.PageError += (_, error) => faults.Enqueue($"Uncaught: {error}");
    }

    public IBrowserContext Context { get; }

    public IPage Page { get; }

    /// <summary>What went wrong and was not announced by <see cref="Expects"/>.</summary>
    public IReadOnlyList<string> Faults => [.. faults.Where(fault => !expected.Any(fault.Contains))];

    public ILocator Rank => Page.Locator(".standing .rank");

    public ILocator Score => Page.Locator(".standing .score");

    public ILocator Challenges => Page.Locator(".challenge");

    /// <summary>The row of the challenge of this name.</summary>
    public ILocator Challenge(string name) => Challenges.Filter(new() { Has = Page.Locator(".name", new() { HasTextString = name }) });

    public ILocator Word(string kind) => Page.Locator($".word[data-kind={kind}]:visible");

    public static async Task<Visitor> Open(IBrowserContext context, Uri address)
    {
        await context.AddInitScriptAsync(TellViolations);
        var visitor = new Visitor(context, await context.NewPageAsync());
        await visitor.Page.GotoAsync(address.ToString());
        return visitor;
    }

    /// <summary>The test brings this about itself: the browser may complain about it.</summary>
    public void Expects(string complaint) => expected.Add(complaint);

    /// <summary>The browser says on its console when a connection fails, whatever the page makes of it: in other words where it ended before the server had read the request.</summary>
    public void ExpectsConnectionLoss()
    {
        Expects("net::ERR_");
        Expects("Connection closed before receiving a handshake response");
    }

    public async Task Join(string nickname)
    {
        await Page.FillAsync("input[name=nickname]", nickname);
        await Page.ClickAsync("button[type=submit]");
        await IsLive();
    }

    public async Task Open(string challenge) => await Challenge(challenge).Locator("button[aria-expanded]").ClickAsync();

    /// <summary>Answers the challenge that is open.</summary>
    public async Task Answer(string answer)
    {
        var input = Page.Locator("input[name=answer]:visible");
        await input.FillAsync(answer);
        await input.PressAsync("Enter");
    }

    public async Task IsLive() => await Expect(Page.Locator("#page[data-connection=live]")).ToBeAttachedAsync();

    /// <summary>Puts a mark on the page that a reload would take away.</summary>
    public async Task Mark() => await Page.EvaluateAsync("document.documentElement.dataset.mark = 'here'");

    public async Task WasNotReloaded() => Assert.Equal("here", await Page.EvaluateAsync<string?>("document.documentElement.dataset.mark"));

    /// <summary>Presses Tab until the focus is on what the selector names.</summary>
    public async Task TabTo(string selector)
    {
        for (var pressed = 0; pressed < 40; pressed++)
        {
            if (await Page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector)) return;
            await Page.Keyboard.PressAsync("Tab");
        }

        Assert.Fail($"40 times Tab, and {selector} never had the focus");
    }
}
