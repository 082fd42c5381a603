using Microsoft.Playwright;
using Veltrix.Browser.Tests;
using Xunit.Sdk;
using Xunit.v3;

// One browser, one page at work at a time: what these tests wait for are seconds of wall time, and two of them on two cores would wait for each other.
[assembly: AssemblyFixture(typeof(Chromium))]
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: Trait("speed", "slow")]

namespace Veltrix.Browser.Tests;

/// <summary>The browser of all tests here: Debian's, headless. Where it or the built pages are missing, tests are skipped, or in CI failed, with the reason.</summary>
public sealed class Chromium : IAsyncLifetime
{
    const string Program = "/usr/bin/chromium";

    static readonly string[] Flags =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ];

    IPlaywright? playwright;
    IBrowser? browser;

    /// <summary>The built pages.</summary>
    public string WebFolder { get; } = Path.Combine(Root(), "web", "dist");

    string? Missing =>
        !File.Exists(Program) ? $"no browser at {Program}; install it with: apt-get install -y chromium"
        : !File.Exists(Path.Combine(WebFolder, "play.html")) ? "the web pages are not built; build them with: npm --prefix web ci && npm --prefix web run build"
        : null;

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null) return;
        Assertions.SetDefaultExpectTimeout(30_000);
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Program, Headless = true, Args = Flags });
    }

    /// <summary>A visitor of their own: nothing stored, nothing shared with others.</summary>
    public async Task<IBrowserContext> NewVisitor(BrowserNewContextOptions options) => await browser!.NewContextAsync(options);

    /// <summary>Skips the running test if there is nothing to run it with.</summary>
    public void Require()
    {
        if (Missing is not { } reason) return;
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(reason);
        Assert.Skip(reason);
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
    }

    static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Veltrix.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds Veltrix.slnx");
    }
}
