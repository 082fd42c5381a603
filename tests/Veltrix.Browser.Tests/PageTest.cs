using Microsoft.Playwright;
using Veltrix.Hosting;

namespace Veltrix.Browser.Tests;

/// <summary>A test of pages: a site and its visitors. Whatever else it tests, it fails if a browser reported an error or a violated policy.</summary>
public abstract class PageTest(Chromium chromium) : IAsyncLifetime
{
    protected const string Quiz = """
        hunt: quiz
        title: A small quiz
        challenges:
          - { id: a, name: First, text: Say one., points: 1, answers: [one] }
          - { id: b, name: Second, text: Say two., points: 2, answers: [two], attempts: 2 }
          - { id: c, name: Third, text: Say three., points: 4, answers: [three], unlock: { all_of: [a, b] } }
        """;

    readonly List<Visitor> visitors = [];

    /// <summary>What the site's operator has set.</summary>
    protected virtual Settings? Settings => null;

    protected Site Site { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        chromium.Require();
        Site = await Site.Open(chromium.WebFolder, Settings);
    }

    protected Task<Visitor> Visit(string path, BrowserNewContextOptions? options = null) => Visit(new Uri(Site.Network.Url, path), options);

    protected async Task<Visitor> Visit(Uri address, BrowserNewContextOptions? options = null)
    {
        var visitor = await Visitor.Open(await chromium.NewVisitor(options ?? new()), address);
        visitors.Add(visitor);
        return visitor;
    }

    public async ValueTask DisposeAsync()
    {
        var faults = visitors.SelectMany(visitor => visitor.Faults).ToArray();
        foreach (var visitor in visitors) await visitor.Context.DisposeAsync();
        if (Site is not null) await Site.DisposeAsync();
        Assert.Empty(faults);
    }
}
